namespace Pipeline.Models.Signals;

/// <summary>What became of a chunk.</summary>
public enum ChunkFate
{
    /// <summary>All its samples were taken.</summary>
    Taken,

    /// <summary>Its first samples were known; the others were taken.</summary>
    Overlapping,

    /// <summary>All its samples were known: sent twice.</summary>
    Duplicate,

    /// <summary>
    /// Its place was given up before it came: it lies in the last gap, before the first sample that was ever taken, in an earlier epoch, or
    /// after the stream's announced end.
    /// </summary>
    Late,

    /// <summary>It cannot be used, for the reason given.</summary>
    Refused,
}

/// <summary>What a stream did with a chunk.</summary>
/// <param name="Fate">What became of it.</param>
/// <param name="TakenCount">Samples per channel that were taken; 0 to the chunk's count.</param>
/// <param name="MissingCount">Samples per channel that are missing before it, since the last taken sample; 0 when there is no gap.</param>
/// <param name="Reason">Why it was refused, for a person; null for every other fate.</param>
public readonly record struct ChunkVerdict(ChunkFate Fate, int TakenCount, long MissingCount, string? Reason = null);
