using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators;

/// <summary>
/// A window that a heart-rate network is asked about. A stage makes it when the window is complete, and waits for nothing; the answer
/// becomes an estimate later (<see cref="Answered"/>, or <see cref="Unanswered"/>), in the order of the stream's windows and by one
/// thread at a time. Made and used again by <see cref="StageOutput"/>.
/// </summary>
public sealed class RateQuestion
{
    private const double LeastSigma = 0.5;      // per minute: the belief's own grid is 2.5 wide

    // Network and classical estimator err on different signals. Near each other, the middle is better than either; apart, one of them has
    // lost the heart, and a sure classical one seldom: what it says stands, and nobody is to rely on it.
    private const double MostApart = 8;         // per minute
    private const double LeastClassicalQuality = 0.5;
    private const double MostQualityApart = 0.6;

    private Estimate _classical;
    private double _usable;
    private bool _startsAnew;
    private PpgVerdict _verdict;

    internal RateQuestion(RateModel model) => (Model, Input, Output) = (model, new float[model.InputLength], new float[model.OutputLength]);

    /// <summary>The network.</summary>
    public RateModel Model { get; private set; }

    /// <summary>The row of input, as the network takes it.</summary>
    public float[] Input { get; }

    /// <summary>Place for the row of output.</summary>
    public float[] Output { get; }

    /// <summary>
    /// Makes <paramref name="memory"/> the recurrent state with which this window is answered: zeros where the stream starts anew or
    /// another network was asked before. To be called when every earlier question of the stream is answered, before the network computes.
    /// </summary>
    public void Begin(RateMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (_startsAnew || memory.Identity != Model.Identity || memory.State.Length != Model.StateLength)
            memory.Begin(Model);
    }

    /// <summary>
    /// The estimate, from <see cref="Output"/>. Where that holds no number the classical estimate stands, and <paramref name="memory"/>
    /// starts anew with the next window: it would hold none either. Where the window has no pulse there is no value, whatever the network
    /// says; where it says a harmonic of the rate, or differs while samples are missing, the classical estimate stands. Where both agree,
    /// the rate is the mean of both and the quality the lower one; where they do not, that of a classical estimator which is sure, else the
    /// network's, and the quality is poor.
    /// </summary>
    public Estimate Answered(RateMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        var (read, sigma) = RateReadout.Read(Output.AsSpan(0, RateFeatures.RateCount));
        var trust = Output[RateFeatures.RateCount];
        if (!float.IsFinite(read) || !float.IsFinite(trust))
            return Unanswered(memory);
        double rate = read;
        if (_classical.Status == EstimateStatus.Ok && _verdict.Prefers(_classical.Value, rate))
            return _classical;
        if (!_verdict.TryCorrect(ref rate))
            return new Estimate(
                SignalKind.Ppg, Metric.HeartRate, double.NaN, double.NaN, 0, _classical.Coverage, EstimateStatus.LowQuality,
                Model.Identity);
        var quality = Math.Clamp(trust * _usable, 0, 1);
        if (_classical.Status == EstimateStatus.Ok)
        {
            quality = Math.Min(quality, _classical.Quality);
            var isApart = Math.Abs(_classical.Value - rate) > MostApart;
            if (isApart && _classical.Quality >= LeastClassicalQuality)
                return _classical with { Quality = Math.Min(quality, MostQualityApart) };
            (rate, quality) = isApart ? (rate, Math.Min(quality, MostQualityApart)) : ((rate + _classical.Value) / 2, quality);
        }
        return new Estimate(
            SignalKind.Ppg, Metric.HeartRate, rate, Math.Max(sigma, LeastSigma), quality, _classical.Coverage, EstimateStatus.Ok,
            Model.Identity);
    }

    /// <summary>The estimate where the network fails: the classical one, as such. <paramref name="memory"/> starts anew.</summary>
    public Estimate Unanswered(RateMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        memory.Forget();
        return _classical;
    }

    /// <summary>Asks here and now, one row, and answers.</summary>
    public Estimate Ask(RateMemory memory)
    {
        Begin(memory);
        Model.Forward(Input, memory.State, Output);
        return Answered(memory);
    }

    /// <summary>Is for <paramref name="model"/> from now on, if its rows are long enough and no longer.</summary>
    internal bool TryTurnTo(RateModel model)
    {
        Model = model;
        return Input.Length == model.InputLength && Output.Length == model.OutputLength;
    }

    /// <summary>What goes with the row of input.</summary>
    /// <param name="startsAnew">Whether nothing before the window counts.</param>
    /// <param name="classical">What stands where the network has no answer; its coverage is the answer's.</param>
    /// <param name="usable">Part of the samples that can be used; the network's trust times this is the quality.</param>
    /// <param name="verdict">What the window's samples allow to be said.</param>
    internal void Set(bool startsAnew, in Estimate classical, double usable, in PpgVerdict verdict) =>
        (_startsAnew, _classical, _usable, _verdict) = (startsAnew, classical, usable, verdict);
}
