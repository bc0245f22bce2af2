using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Pressure;

/// <summary>
/// Systolic, diastolic, mean and pulse pressure of a window, mmHg, from the pulses of <see cref="AbpStage"/>, which comes before it:
/// medians of the window's whole beats, the mean over their time. A beat with a missing or replaced sample is left out. Values only where
/// the pulse rate has status <c>ok</c> and the line is in order; behind a line that damps too much or too little the mean pressure still
/// counts. A channel whose unit is none of pressure has no values.
/// </summary>
public sealed class PressureStage : IWindowStage
{
    private const int LeastBeats = 2, LeastForForm = 3, MostBeats = 48;
    private const double WorkingHz = 125;
    private const float HighestSystolic = 300, LowestDiastolic = 10, LeastPulse = 5;
    private const double Noise = 0.7, DampedNoise = 3;      // mmHg, standard deviation

    [ThreadStatic]
    private static float[]? _ofThread;

    private readonly AbpStage _pulses;
    private readonly int _channel, _group;
    private readonly double _rateHz;        // of the samples that are measured
    private readonly float _perMillimetre;
    private readonly PressureLine _line = new();

    /// <summary>Takes the channel that <paramref name="pulses"/> takes.</summary>
    public PressureStage(ChannelLayout channels, double rateHz, AbpStage pulses)
    {
        ArgumentNullException.ThrowIfNull(channels);
        ArgumentNullException.ThrowIfNull(pulses);
        (_pulses, _channel) = (pulses, channels.IndicesOf(SignalKind.Abp)[0]);
        _group = Math.Max(1, (int)Math.Round(rateHz / WorkingHz));
        _rateHz = rateHz / _group;
        _perMillimetre = AbpStage.MillimetreIn(channels[_channel].Unit);
    }

    /// <summary>Whether <paramref name="unit"/> is one of pressure: mmHg, kPa, Pa or cmH2O.</summary>
    public static bool Takes(string unit) => AbpStage.MillimetreIn(unit) > 0;

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var rate = RateOf(output);
        if (_perMillimetre <= 0)
        {
            Add(output, EstimateStatus.NoUnit, EstimateStatus.NoUnit, default, default, rate);
            return;
        }
        var samples = Samples(window);
        Span<PressureBeat> beats = stackalloc PressureBeat[MostBeats];
        beats = beats[..Measure(window, samples, beats)];
        PressureBeat? usual = beats.Length >= LeastForForm && rate.Status == EstimateStatus.Ok ? MedianOf(beats) : null;
        var line = _line.Judge(samples, _rateHz, usual);
        if (line == EstimateStatus.Ok && usual is { } inOrder)
            _line.Learn(inOrder);
        var status = line != EstimateStatus.Ok ? line : rate.Status != EstimateStatus.Ok ? rate.Status
            : beats.Length < LeastBeats || !IsPossible(MedianOf(beats)) ? EstimateStatus.LowQuality : EstimateStatus.Ok;
        var isDamped = status is EstimateStatus.Overdamped or EstimateStatus.Underdamped;
        var values = status == EstimateStatus.Ok || isDamped ? MedianOf(beats) : default;
        Add(output, status, isDamped ? EstimateStatus.Ok : status, values, SpreadOf(beats), rate);
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
    }

    /// <inheritdoc/>
    public void Reset() => _line.Clear();

    /// <inheritdoc/>
    public string StateName => "pressure";

    /// <inheritdoc/>
    public int StateVersion => 1;

    /// <inheritdoc/>
    public bool IsMissed => false;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _line.Transfer(state);
    }

    private static bool IsPossible(in PressureBeat beat) =>
        beat.Systolic <= HighestSystolic && beat.Diastolic >= LowestDiastolic && beat.Pulse >= LeastPulse;

    private static Estimate RateOf(StageOutput output)
    {
        foreach (var estimate in output.Estimates)
            if (estimate is { Signal: SignalKind.Abp, Metric: Metric.HeartRate })
                return estimate;
        return new Estimate(SignalKind.Abp, Metric.HeartRate, double.NaN, double.NaN, 0, 0, EstimateStatus.WarmingUp, Stages.Classical);
    }

    private static void Add(StageOutput output, EstimateStatus status, EstimateStatus ofMean, in PressureBeat values, in PressureBeat spread, in Estimate rate)
    {
        var (quality, coverage) = (rate.Quality, rate.Coverage);
        void Of(Metric metric, EstimateStatus given, double value, double sigma) => output.Estimates.Add(new Estimate(
            SignalKind.Abp, metric, given == EstimateStatus.Ok ? value : double.NaN, given == EstimateStatus.Ok ? sigma : double.NaN,
            given == EstimateStatus.Ok ? quality : Math.Min(quality, 0.4), coverage, given, Stages.Classical));
        double Sigma(double of, double noise = Noise) => Math.Sqrt(noise * noise + of * of + 64 * (1 - quality) * (1 - quality));
        Of(Metric.Systolic, status, values.Systolic, Sigma(spread.Systolic));
        Of(Metric.Diastolic, status, values.Diastolic, Sigma(spread.Diastolic));
        Of(Metric.MeanPressure, ofMean, values.Mean, Sigma(spread.Mean, status == ofMean ? Noise : DampedNoise));
        Of(Metric.PulsePressure, status, values.Pulse, Sigma(spread.Systolic + spread.Diastolic));
    }

    /// <summary>The window in mmHg, missing samples NaN, averaged in groups; valid until the thread's next call.</summary>
    private ReadOnlySpan<float> Samples(in Window window)
    {
        if (_ofThread is null || _ofThread.Length < window.Length)
            _ofThread = new float[window.Length];
        var samples = _ofThread.AsSpan(0, window.Length);
        window.CopyPhysical(_channel, 0, samples);
        var count = window.Length / _group;
        for (var i = 0; i < count; i++)
        {
            var sum = 0f;
            for (var k = 0; k < _group; k++)
                sum += samples[i * _group + k];
            samples[i] = sum / _group / _perMillimetre;
        }
        return samples[..count];
    }

    private int Measure(in Window window, ReadOnlySpan<float> samples, Span<PressureBeat> beats)
    {
        var (pulses, holes, count) = (_pulses.Pulses, SampleHoles.Of(window, [_channel]), 0);
        var start = window.StartIndex + (_group - 1) / 2.0;     // the middle of the first group
        for (var i = pulses.First + 1; i < pulses.Count && count < beats.Length; i++)
        {
            var (from, to) = (pulses[i - 1], pulses[i]);
            if (from < window.StartIndex || to >= window.EndIndex || holes.Hide(from, to))
                continue;
            if (PressureBeat.Measure(samples, _rateHz, (from - start) / _group, (to - start) / _group) is { } beat)
                beats[count++] = beat;
        }
        return count;
    }

    private static PressureBeat MedianOf(ReadOnlySpan<PressureBeat> beats)
    {
        Span<float> values = stackalloc float[MostBeats];
        values = values[..beats.Length];
        var (systolic, diastolic) = (MedianOf(beats, values, 0), MedianOf(beats, values, 1));
        var mean = 0f;
        foreach (var beat in beats)
            mean += beat.Mean / beats.Length;
        return new PressureBeat(systolic, diastolic, mean, MedianOf(beats, values, 2), MedianOf(beats, values, 3));
    }

    private static float MedianOf(ReadOnlySpan<PressureBeat> beats, Span<float> values, int of)
    {
        for (var i = 0; i < beats.Length; i++)
            values[i] = of switch { 0 => beats[i].Systolic, 1 => beats[i].Diastolic, 2 => beats[i].Slope, _ => beats[i].Ringing };
        var (low, high) = (OrderStatistic.Of(values, (values.Length - 1) / 2), OrderStatistic.Of(values, values.Length / 2));
        return (low + high) / 2;
    }

    /// <summary>Standard errors of the means.</summary>
    private static PressureBeat SpreadOf(ReadOnlySpan<PressureBeat> beats)
    {
        static float Error(ReadOnlySpan<PressureBeat> beats, Func<PressureBeat, float> of)
        {
            var (sum, squares) = (0.0, 0.0);
            foreach (var beat in beats)
                (sum, squares) = (sum + of(beat), squares + (double)of(beat) * of(beat));
            var mean = sum / beats.Length;
            return (float)Math.Sqrt(Math.Max(0, squares / beats.Length - mean * mean) / beats.Length);
        }
        return beats.IsEmpty ? default : new PressureBeat(
            Error(beats, static beat => beat.Systolic), Error(beats, static beat => beat.Diastolic), Error(beats, static beat => beat.Mean), 0, 0);
    }
}
