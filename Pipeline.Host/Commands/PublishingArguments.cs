using System.CommandLine;
using Pipeline.Host.Configuration;
using Pipeline.Host.Kafka;
using Pipeline.Host.Publishing;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Commands;

/// <summary>What commands that publish to Kafka take and do alike.</summary>
internal static class PublishingArguments
{
    private const double MaxSpeed = 10_000;

    public static Option<double> Speed()
    {
        var speed = new Option<double>("--speed") { Description = "Seconds of the signals a second (1).", DefaultValueFactory = _ => 1, HelpName = "X" };
        speed.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.Tokens.Count > 0 && result.GetValueOrDefault<double>() is not (> 0 and <= MaxSpeed))
                result.AddError($"--speed: more than 0 and at most {MaxSpeed} is possible.");
        });
        return speed;
    }

    public static Option<string?> Kafka() => new("--kafka") { Description = "Brokers; the same as --set Kafka:BootstrapServers=…", HelpName = "HOST:PORT,…" };

    /// <summary>An epoch that is later than that of any earlier run: the devices of a second run are restarted ones.</summary>
    public static long EpochAt(Timestamp start) => start.UnixNanoseconds / 1_000_000;

    public static async Task<int> RunAsync(Publication publication, IConfiguration settings, InvocationConfiguration console, CancellationToken stop)
    {
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning)
            .AddSimpleConsole(line => line.SingleLine = true)
            .AddConsole(lines => lines.LogToStandardErrorThreshold = LogLevel.Trace));
        var run = new PublishRun(Settings.Bind<KafkaOptions>(settings, KafkaOptions.Section), loggers, TimeProvider.System);
        return await run.RunAsync(publication, console.Output, stop);
    }
}
