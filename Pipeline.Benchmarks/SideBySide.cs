using System.Diagnostics;

namespace Pipeline.Benchmarks;

/// <summary>
/// Measures contenders in one process, alternating A B A B, so that a machine that slows down slows all of them; the median of each
/// contender's rounds is what counts.
/// </summary>
internal static class SideBySide
{
    // The JIT compiles for speed in the background, about 100 ms after a method turned out to be hot, one call depth after another.
    private static readonly TimeSpan TierUp = TimeSpan.FromSeconds(0.6);

    /// <summary>
    /// Runs each contender <paramref name="warmUps"/> times or more, then <paramref name="rounds"/> times in turn. Median, over the rounds, of the
    /// CPU seconds of the calling thread: other processes of the machine do not count.
    /// </summary>
    public static double[] ThreadCpuSeconds(int warmUps, int rounds, params Action[] contenders)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < warmUps || Stopwatch.GetElapsedTime(start) < TierUp; i++)
            foreach (var contender in contenders)
                contender();
        var seconds = contenders.Select(_ => new double[rounds]).ToArray();
        for (var round = 0; round < rounds; round++)
            for (var c = 0; c < contenders.Length; c++)
                seconds[c][round] = Cost.Of(contenders[c]).ThreadCpuSeconds;
        return [.. seconds.Select(Quantiles.Median)];
    }
}
