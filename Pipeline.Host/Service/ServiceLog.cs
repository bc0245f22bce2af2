namespace Pipeline.Host.Service;

/// <summary>What the service says about itself.</summary>
internal static partial class ServiceLog
{
    [LoggerMessage(1, LogLevel.Information, "Consuming {Topic} of {Brokers}, writing to {Store}; /metrics and /health at {Urls}")]
    public static partial void Started(this ILogger log, string brokers, string topic, string store, string urls);

    [LoggerMessage(2, LogLevel.Information, "Stopping: finishing what was read")]
    public static partial void Stopping(this ILogger log);

    [LoggerMessage(3, LogLevel.Information, "Stopped after {Records} records, {Windows} windows, {Estimates} estimates")]
    public static partial void Stopped(this ILogger log, long records, long windows, long estimates);

    [LoggerMessage(4, LogLevel.Warning, "Nobody can sign in: pages, /api, /status and /metrics refuse everybody. Set Access:UsersFile (./pipeline users add) or OpenId:Authority; Access:Open=ThisMachine opens them to this machine alone")]
    public static partial void NobodySignsIn(this ILogger log);
}
