using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Tests.Support;

/// <summary>
/// A stage whose one estimate is the sum of the window's samples of channel 0, with the sum of all since it began as its sigma, and which throws when
/// told to: by the window's start, its sum and the sum of all.
/// </summary>
internal sealed class SumStage(Func<long, double, double, bool> throws) : IWindowStage
{
    public SumStage(Func<long, bool>? throwsAtStart = null)
        : this((start, _, _) => throwsAtStart?.Invoke(start) == true)
    {
    }

    private readonly float[] _samples = new float[4096];
    private double _sinceReset;     // changed before it throws

    public static StageFactory Factory { get; } = _ => [new SumStage()];

    public string StateName => "sum";

    public int StateVersion => 1;

    public void Transfer(StateTransfer state) => state.Value(ref _sinceReset);

    public void Accept(in Window window, StageOutput output)
    {
        var samples = _samples.AsSpan(0, window.Length);
        window.CopyPhysical(0, 0, samples);
        double sum = 0;
        foreach (var sample in samples)
            sum += float.IsNaN(sample) ? 0 : sample;
        for (var i = window.Length - window.NewSampleCount; i < window.Length; i++)
            _sinceReset += float.IsNaN(samples[i]) ? 0 : samples[i];
        if (throws(window.StartIndex, sum, _sinceReset))
            throw new InvalidOperationException($"window {window.Id} is not to be had");
        output.Estimates.Add(new Estimate(SignalKind.Unknown, Metric.HeartRate, sum, _sinceReset, 1, window.Coverage(), EstimateStatus.Ok, "sum"));
        output.Beats.Add(new Beat(window.StartIndex, SignalKind.Unknown, BeatKind.Pulse));
    }

    public void Finish(in Window tail, StageOutput output) =>
        output.Beats.Add(new Beat(tail.EndIndex, SignalKind.Unknown, BeatKind.Pulse));

    public void Reset() => _sinceReset = 0;
}
