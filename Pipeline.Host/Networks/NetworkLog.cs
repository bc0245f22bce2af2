namespace Pipeline.Host.Networks;

/// <summary>What is said about the networks in service.</summary>
internal static partial class NetworkLog
{
    [LoggerMessage(1, LogLevel.Information, "Model {Model} is in service instead of {Before}: each shard asks it from its next record on")]
    public static partial void Taken(this ILogger log, string model, string before);

    [LoggerMessage(2, LogLevel.Warning, "The new package in {Folder} is refused, {Model} stays: {Reason}")]
    public static partial void Refused(this ILogger log, string folder, string model, string reason);

    [LoggerMessage(3, LogLevel.Information, "Shard {Shard} asks model {Model} instead of {Before} from offset {Offset} on; {Consequence}")]
    public static partial void Switched(this ILogger log, int shard, string model, string before, long offset, string consequence);

    [LoggerMessage(5, LogLevel.Warning, "Shard {Shard}: its state names model {Before}, which is not in the models' folder any more; from offset {Offset} on {Model} is asked; {Consequence}")]
    public static partial void Gone(this ILogger log, int shard, string model, string before, long offset, string consequence);

    [LoggerMessage(4, LogLevel.Debug, "Shard {Shard} asks model {Model} from offset {Offset} on")]
    public static partial void Began(this ILogger log, int shard, string model, long offset);
}
