using System.CommandLine;
using Pipeline.Host.Configuration;
using Pipeline.Host.Kafka;
using Pipeline.Host.Publishing;

namespace Pipeline.Host.Commands;

/// <summary>What commands that publish to Kafka take and do alike.</summary>
internal static class PublishingArguments
{
    private const double MaxSpeed = 10_000;

    public static Option<double> Speed()
    {
        var speed = new Option<double>("--speed") { Description = "Seconds of the signals a second (1).", DefaultValueFactory = _ => 1, HelpName = "X" };
        speed.Refuse(value => value is > 0 and <= MaxSpeed ? null : $"--speed: more than 0 and at most {MaxSpeed} is possible.");
        return speed;
    }

    public static Option<string?> Kafka() => new("--kafka") { Description = "Brokers; the same as --set Kafka:BootstrapServers=…", HelpName = "HOST:PORT,…" };

    /// <summary>Section <c>Kafka</c>; read before anything is opened or written.</summary>
    public static KafkaOptions Options(Option<string?> kafka, ParseResult parsed) => Settings.Bind<KafkaOptions>(
        Settings.Load(parsed, ($"{KafkaOptions.Section}:{nameof(KafkaOptions.BootstrapServers)}", parsed.GetValue(kafka))), KafkaOptions.Section);

    public static async Task<int> RunAsync(Publication publication, KafkaOptions options, ParseResult parsed, CancellationToken stop)
    {
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning)
            .AddSimpleConsole(line => line.SingleLine = true)
            .AddConsole(lines => lines.LogToStandardErrorThreshold = LogLevel.Trace));
        var run = new PublishRun(options, loggers, TimeProvider.System);
        return await run.RunAsync(publication, parsed.InvocationConfiguration.Output, stop);
    }
}
