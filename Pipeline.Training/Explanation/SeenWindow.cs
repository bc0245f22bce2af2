using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;

namespace Pipeline.Training.Explanation;

/// <summary>A window that a heart-rate network was asked about.</summary>
/// <param name="Window">Its place.</param>
/// <param name="Input">[14 x 85]: the network's input.</param>
/// <param name="State">The recurrent state in which it was asked.</param>
/// <param name="Output">[85 + 1]: the network's answer.</param>
/// <param name="Estimate">What came out, together with the classical estimator.</param>
public sealed record SeenWindow(PassedWindow Window, float[] Input, float[] State, float[] Output, Estimate Estimate)
{
    /// <summary>
    /// The windows of one device's <paramref name="chunks"/> about which <paramref name="model"/> is asked, in order and by the stage that serves; those of which it is not asked
    /// (no usable PPG, a rate that it does not take) are left out.
    /// </summary>
    /// <exception cref="ArgumentException">A chunk is refused, or has no PPG.</exception>
    public static IEnumerable<SeenWindow> Of(IEnumerable<SampleChunk> chunks, RateModel model)
    {
        (NetworkQuestion Question, float[] Input, float[] State)? asked = null;     // the question is another window's by the next
        IWindowStage[] Stage(SampleChunk first) => [new NetworkPpgStage(first.Channels, first.RateHz, WindowShape.Default, model)];
        foreach (var result in StreamRun.Of(chunks, Stage, asking: (question, memory) => asked = (question, [.. question.Input], [.. memory.State])))
        {
            if (asked is { } seen)
                yield return new SeenWindow(result.Window, seen.Input, seen.State, [.. seen.Question.Output], result.Estimates.First(one => one.Metric == Metric.HeartRate));
            asked = null;
        }
    }
}
