using Pipeline.Actors;

namespace Pipeline.Tests.Support;

/// <summary>Whether counts add up.</summary>
internal static class SampleBalance
{
    /// <summary>Samples that came and are neither taken, dropped nor refused: 0 whenever no chunk is being handled or waits for another attempt.</summary>
    public static long SamplesUnaccounted(this Counts counts) =>
        counts[Count.Samples] - counts[Count.SamplesTaken] - counts[Count.SamplesDropped] - counts[Count.SamplesRefused];
}
