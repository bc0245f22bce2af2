namespace Pipeline.Models.Simulation;

/// <summary>
/// Beat after beat of one heart. The interval follows the rate at rest and the effort, with respiratory sinus arrhythmia, the 0.1 Hz wave
/// of blood pressure control and a little white noise (Task Force 1996, https://doi.org/10.1161/01.CIR.93.5.1043); less of it at effort.
/// Beats lie in a ring of the last 32: more than the longest delay of a pulse and a second ahead can hold.
/// </summary>
internal sealed class HeartRhythm
{
    private const int RingSize = 32;
    private const double MinInterval = 0.27;
    private const double MaxInterval = 2.5;

    private readonly BedScenario _scenario;
    private readonly TrueBeat[] _ring = new TrueBeat[RingSize];
    private readonly double _breathsPerSecond;
    private readonly double _ppgDelay;
    private NoiseSource _noise;
    private bool _isPauseDue;

    public HeartRhythm(BedScenario scenario)
    {
        _scenario = scenario;
        _noise = new(scenario.Seed, 1);
        var drawn = _noise.Uniform(58, 96);
        RestingRate = double.IsNaN(scenario.RestingRate) ? drawn : Math.Clamp(scenario.RestingRate, 30, 220);
        _breathsPerSecond = _noise.Uniform(0.2, 0.3);
        _ppgDelay = _noise.Uniform(0.17, 0.26);
        // The first beats lie before the start, so that the first sample is in the middle of one.
        Last = -2;
        _ring[0] = At(-2, false);
        Peaks.Add(Last);
        Count = 1;
    }

    /// <summary>Heart rate at rest, per minute.</summary>
    public double RestingRate { get; }

    /// <summary>The R peaks alone.</summary>
    public PeakRing Peaks { get; } = new();

    /// <summary>Beats so far; beat k is in the ring while k is at least <see cref="Oldest"/>.</summary>
    public long Count { get; private set; }

    /// <summary>Index of the oldest beat in the ring.</summary>
    public long Oldest => Math.Max(0, Count - RingSize);

    /// <summary>Beat <paramref name="index"/>, from <see cref="Oldest"/>.</summary>
    public ref readonly TrueBeat this[long index] => ref _ring[index & (RingSize - 1)];

    private double Last { get; set; }

    /// <summary>Breaths since the start, at a moment.</summary>
    public double BreathsAt(double seconds) => (seconds + 10) * _breathsPerSecond;

    /// <summary>How long the ventricles filled before a beat, in seconds; 0.8 where the beat before it is forgotten.</summary>
    public double FillingBefore(long index) => index > Oldest ? this[index].Seconds - this[index - 1].Seconds : 0.8;

    /// <summary>
    /// Adds beats until the newest one lies at or after <paramref name="seconds"/>; effort as <see cref="Movement.Effort"/>.
    /// </summary>
    public void AdvanceTo(double seconds, double effort)
    {
        while (Last < seconds)
        {
            if (EpisodeAt(Last) is { } episode)
            {
                _isPauseDue = false;
                Last += episode.IntervalAfter(Last);
                Add(episode.Kind == EventKind.VentricularTachycardia);
                continue;
            }
            var isEctopic = !_isPauseDue && _scenario.EctopicShare > 0 && _noise.Uniform() < _scenario.EctopicShare;
            var interval = Interval(effort) * (isEctopic ? 0.62 : _isPauseDue ? 1.38 : 1);
            _isPauseDue = isEctopic;   // the pause that makes up for it
            Last += Math.Clamp(interval, MinInterval, MaxInterval);
            Add(isEctopic);
        }
    }

    private void Add(bool isEctopic)
    {
        _ring[Count++ & (RingSize - 1)] = At(Last, isEctopic);
        Peaks.Add(Last);
    }

    private HeartEpisode? EpisodeAt(double seconds)
    {
        foreach (var episode in _scenario.Episodes)
            if (seconds >= episode.Begin && seconds < episode.End)
                return episode;
        return null;
    }

    private double Interval(double effort)
    {
        var rate = RestingRate + effort * Math.Max(0, 165 - RestingRate);
        var noise = _noise.Normal();
        if (_scenario.Activity == PatientActivity.Irregular)
            return 60 / rate * (1 + 0.18 * noise);
        var scale = _scenario.Variability * (1 - 0.8 * effort);
        var breathing = WaveTables.Sine.Repeating(BreathsAt(Last));
        var slow = WaveTables.Sine.Repeating((Last + 10) * 0.1);
        var slower = WaveTables.Sine.Repeating((Last + 10) * 0.0113);
        return 60 / rate * (1 + scale * (0.03 * breathing + 0.02 * slow + 0.03 * slower + 0.008 * noise));
    }

    private TrueBeat At(double seconds, bool isEctopic) => new(seconds, seconds + _ppgDelay, seconds + 0.6 * _ppgDelay, isEctopic);
}
