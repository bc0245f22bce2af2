using Pipeline.Actors.Cluster;

namespace Pipeline.Host.Service;

/// <summary>What readers are shown of the patients of a process.</summary>
/// <param name="time">The clock.</param>
internal sealed class WardReadings(TimeProvider time)
{
    /// <summary>The newest estimates: a sink of the pipeline.</summary>
    public LatestValues Latest { get; } = new();

    /// <summary>Where the pipeline's chunks can be looked at.</summary>
    public SampleTap Tap { get; } = new(time);
}
