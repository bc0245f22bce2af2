namespace Pipeline.Host.Store;

/// <summary>What the embedded store says.</summary>
internal static partial class StoreLog
{
    [LoggerMessage(1, LogLevel.Warning, "The last segment in {Directory} ended in {Bytes} bytes of a torn line, which are cut off: they were never acknowledged.")]
    public static partial void Repaired(this ILogger log, string directory, long bytes);

    [LoggerMessage(2, LogLevel.Error, "The store in {Directory} cannot be written: {Detail} Waiting, nothing is dropped.")]
    public static partial void Waiting(this ILogger log, string directory, string detail);

    [LoggerMessage(3, LogLevel.Information, "The store in {Directory} is written again after {Seconds:F1} s.")]
    public static partial void WritesAgain(this ILogger log, string directory, double seconds);

    [LoggerMessage(4, LogLevel.Error, "Writing to the store failed within this program; the batches under way fail.")]
    public static partial void LoopFailed(this ILogger log, Exception fault);
}
