namespace Pipeline.Host.State;

/// <summary>Log messages of the local checkpoints.</summary>
internal static partial class StateLog
{
    [LoggerMessage(1, LogLevel.Error, "The checkpoints in {Folder} cannot be used: {Detail} Retried without end; nothing is dropped.")]
    public static partial void CheckpointsWait(this ILogger log, string folder, string detail);

    [LoggerMessage(2, LogLevel.Information, "The checkpoints in {Folder} can be used again after {Seconds:F1} s.")]
    public static partial void CheckpointsGoOn(this ILogger log, string folder, double seconds);
}
