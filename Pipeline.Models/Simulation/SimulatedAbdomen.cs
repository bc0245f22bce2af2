using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>
/// Abdominal leads in mV: the mother's and the fetus's hearts through a mixing matrix each, breathing, the EMG of uterus and abdominal wall
/// in contractions, mains hum, noise; leads drop out one by one.
/// </summary>
internal sealed class SimulatedAbdomen
{
    private const float Gain = 4000;     // 0.25 µV a step
    private const int Axes = DipoleHeart.AxisCount;
    private const float White = 0.004f;  // mV at 500 Hz
    private const double SettledSeconds = 4;

    private readonly LabourScenario _labour;
    private readonly HeartRhythm _mother;
    private readonly FetalRhythm? _fetus;
    private readonly LabourCourse _course;
    private readonly float _noiseScale;
    private readonly float _white;       // mV
    private readonly int _rateHz;
    private readonly AbdominalLead[] _leads;
    private readonly float[] _motherAxes, _fetalAxes;   // [3 x rate]
    private NoiseSource _noise;

    public SimulatedAbdomen(BedScenario scenario, LabourScenario labour, HeartRhythm mother, FetalRhythm? fetus, LabourCourse course)
    {
        (_labour, _mother, _fetus, _course) = (labour, mother, fetus, course);
        _noise = new(scenario.Seed, 15);
        _noiseScale = (float)scenario.Noise;
        _rateHz = Math.Clamp(labour.RateHz, 250, 1000);
        _white = White * _noiseScale * MathF.Sqrt(_rateHz / 500f);   // the same density at every rate
        var count = Math.Clamp(labour.LeadCount, 1, 4);
        Position = new(labour, new(scenario.Seed, 16), count);
        (_motherAxes, _fetalAxes) = (new float[Axes * _rateHz], new float[Axes * _rateHz]);
        _leads = AbdominalLead.Draw(count, ref _noise);
        Channels = new([.. Enumerable.Range(1, count).Select(lead => new Channel($"ABD{lead}", SignalKind.FetalEcg, "mV", Gain))]);
        for (var lead = 0; lead < count; lead++)
            _leads[lead].Hum = (float)(labour.HumRatio * Math.Sqrt(2) * Deviation(lead));
    }

    public ChannelLayout Channels { get; }

    public int RateHz => _rateHz;

    /// <summary>How the fetus lies.</summary>
    public FetalPosition Position { get; }

    /// <summary>Renders a second; answers which leads the device says are off. The position has been moved to the second.</summary>
    public ulong Render(long second, Span<short> samples, DeviceCondition condition)
    {
        if (condition == DeviceCondition.Off)
        {
            samples.Clear();
            return 0;
        }
        Span<double> peaks = stackalloc double[DipoleHeart.MaxPeaks];
        DipoleHeart.Mother.Render(peaks[.._mother.Peaks.Copy(second, second + 1, peaks)], second, _rateHz, _motherAxes);
        if (_fetus is not null)
            DipoleHeart.Fetus.Render(peaks[.._fetus.Peaks.Copy(second, second + 1, peaks)], second, _rateHz, _fetalAxes);
        ulong off = 0;
        var open = _leads.Length;
        foreach (var lead in _leads)
            open -= lead.IsOut ? 1 : 0;
        for (var lead = 0; lead < _leads.Length; lead++)
        {
            var target = samples.Slice(lead * _rateHz, _rateHz);
            if (_leads[lead].StepDropout(ref _noise, _labour.LeadDropoutsPerHour, mayBegin: 2 * (open - 1) >= _leads.Length))
                open--;
            RenderLead(lead, second, target, condition == DeviceCondition.Noisy ? 1 : 0);
            if (_leads[lead].Overwrite(target))
                off |= 1ul << lead;
        }
        return off;
    }

    private void RenderLead(int index, long second, Span<short> samples, float rough)
    {
        var lead = _leads[index];
        var step = 1f / _rateHz;
        ReadOnlySpan<float> mother = _motherAxes, fetus = _fetalAxes;
        var from = Position.Weights.AsSpan(index * Axes, Axes);
        var to = Position.NextWeights.AsSpan(index * Axes, Axes);
        var (strength, toStrength) = ((float)Position.Strength, (float)Position.NextStrength);
        var (w0, w1, w2) = (from[0] * strength, from[1] * strength, from[2] * strength);
        var (s0, s1, s2) = ((to[0] * toStrength - w0) * step, (to[1] * toStrength - w1) * step, (to[2] * toStrength - w2) * step);
        var breath = _mother.BreathsAt(second) + lead.BreathPhase;
        var breathStep = (_mother.BreathsAt(second + 1) - _mother.BreathsAt(second)) * step;
        var (hum, humStep) = (second * _labour.HumHz + lead.HumPhase, _labour.HumHz * step);
        var contraction = (float)_course.ContractionAt(second + 0.5) / 50;
        var white = _white * (1 + 0.7f * contraction + (Position.IsMoving ? 0.4f : 0)) + 0.05f * rough;
        var slow = 0.0018f * _noiseScale * (1 + 2 * contraction + (Position.IsMoving ? 2 : 0)) + 0.15f * rough;
        var slowStep = 12f * step;   // an AR(1) of about 2 Hz, whatever the rate: uterine EMG, and electrodes that shift
        var slowScale = slow * MathF.Sqrt(2 * slowStep);
        for (var i = 0; i < samples.Length; i++)
        {
            var respiration = WaveTables.Sine.Repeating(breath);
            var (y, z) = (i + _rateHz, i + 2 * _rateHz);
            var value = (lead.Mother0 * mother[i] + lead.Mother1 * mother[y] + lead.Mother2 * mother[z]) * (1 + 0.05f * respiration)
                + w0 * fetus[i] + w1 * fetus[y] + w2 * fetus[z];
            lead.Wander += slowScale * _noise.Normal() - slowStep * lead.Wander;
            value += lead.Wander + 0.03f * respiration + white * _noise.Normal();
            if (lead.Hum > 0)
                value += lead.Hum * WaveTables.Sine.Repeating(hum);
            samples[i] = SimulatedDevice.Stored(value * Gain);
            (w0, w1, w2) = (w0 + s0, w1 + s1, w2 + s2);
            (breath, hum) = (breath + breathStep, hum + humStep);
        }
    }

    /// <summary>Standard deviation (mV) of a lead's ECG and white noise at the mother's rate at rest: what hum is measured by.</summary>
    private double Deviation(int index)
    {
        var lead = _leads[index];
        Span<double> peaks = stackalloc double[DipoleHeart.MaxPeaks];
        var interval = 60 / _mother.RestingRate;
        double sum = 0, squares = 0;
        for (var second = 0; second < SettledSeconds; second++)
        {
            var first = Math.Floor(second / interval) * interval;
            var count = 0;
            do
                peaks[count] = first + count * interval;
            while (peaks[count++] <= second + 1);
            DipoleHeart.Mother.Render(peaks[..count], second, _rateHz, _motherAxes);
            for (var i = 0; i < _rateHz; i++)
            {
                var (x, y, z) = (_motherAxes[i], _motherAxes[_rateHz + i], _motherAxes[2 * _rateHz + i]);
                var value = lead.Mother0 * x + lead.Mother1 * y + lead.Mother2 * z;
                (sum, squares) = (sum + value, squares + value * value);
            }
        }
        var samples = SettledSeconds * _rateHz;
        return Math.Sqrt(squares / samples - sum / samples * (sum / samples) + _white * _white);
    }
}
