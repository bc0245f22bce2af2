namespace Pipeline.Host.Influx;

/// <summary>What the InfluxDB sink says: changes of state, never single attempts.</summary>
internal static partial class InfluxLog
{
    [LoggerMessage(1, LogLevel.Warning, "InfluxDB at {Url} does not store ({Reason}): {Detail} Waiting, nothing is dropped.")]
    public static partial void Waiting(this ILogger log, Uri url, string reason, string detail);

    [LoggerMessage(2, LogLevel.Information, "InfluxDB at {Url} stores again after {Seconds:F1} s.")]
    public static partial void StoresAgain(this ILogger log, Uri url, double seconds);

    [LoggerMessage(3, LogLevel.Warning, "InfluxDB refused {Count} of {Lines} lines ({Reason}): {Detail} They are in the dead letters.")]
    public static partial void Refused(this ILogger log, int count, int lines, string reason, string detail);

    [LoggerMessage(4, LogLevel.Warning, "Compressed bodies do not arrive whole at {Url}; from now on they are sent plain. Influx:Gzip=false says so from the start.")]
    public static partial void PlainOnly(this ILogger log, Uri url);

    [LoggerMessage(5, LogLevel.Error, "Writing to InfluxDB failed within this program; the batches under way fail.")]
    public static partial void LaneFailed(this ILogger log, Exception fault);

    [LoggerMessage(6, LogLevel.Warning, "The token or password of InfluxDB goes to {Url} in clear: whoever is on the way can read it. Set Influx:Url to https://.")]
    public static partial void SecretInClear(this ILogger log, string url);
}
