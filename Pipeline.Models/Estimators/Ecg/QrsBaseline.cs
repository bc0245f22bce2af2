using Pipeline.Models.Filters;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// The wave of a lead around a candidate with its baseline, the mean over half a second, taken away: T waves and wide beats differ in it.
/// From running sums of the samples, made for one candidate at a time.
/// </summary>
internal static class QrsBaseline
{
    /// <summary>
    /// The wave around <paramref name="at"/>, at each of <see cref="QrsTiming.SlowShapeLags"/>. Samples that are not there yet are like the
    /// last one.
    /// </summary>
    public static void Remove(QrsTiming timing, QrsLead lead, long at, Span<float> wave)
    {
        var lags = timing.SlowShapeLags;
        var (wide, smooth) = (timing.Baseline / 2, timing.SlowSmoothing);
        var reach = wide - lags[0];
        Span<float> samples = stackalloc float[2 * reach + 1];
        Span<double> sums = stackalloc double[samples.Length + 1];
        lead.CopySamples(at - reach, samples);
        RunningSums.Of(samples, sums);
        for (var k = 0; k < lags.Length; k++)
        {
            var centre = reach + lags[k];
            wave[k] = (float)(RunningSums.Mean(sums, centre, smooth) - RunningSums.Mean(sums, centre, wide));
        }
    }
}
