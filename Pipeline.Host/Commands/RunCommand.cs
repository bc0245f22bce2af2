using System.CommandLine;
using Pipeline.Host.Configuration;
using Pipeline.Host.Service;

namespace Pipeline.Host.Commands;

/// <summary><c>run</c>: the service.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var kafka = PublishingArguments.Kafka();
        var influx = Influx();
        var model = Model();
        var command = new DocumentedCommand(
            "run", "Run the service: consume from Kafka, write to InfluxDB or the embedded store, until stopped.",
            "./pipeline run --kafka kafka:9092 --influx http://influxdb:8086",
            "./pipeline run --config /etc/pipeline.json",
            "Influx__TokenFile=/run/secrets/influx ./pipeline run --set Web:Urls=http://0.0.0.0:8080",
            "./pipeline run --set Logging:Console:FormatterName=json")
        {
            kafka,
            influx,
            model,
        };
        command.SetAction((parsed, stop) => ServiceHost.RunAsync(
            Settings.Load(
                parsed, ("Kafka:BootstrapServers", parsed.GetValue(kafka)), ("Influx:Url", parsed.GetValue(influx)), ("Topology:Model", parsed.GetValue(model))),
            TimeProvider.System, stop));
        return command;
    }

    /// <summary><c>--model</c>.</summary>
    public static Option<string?> Model() => new("--model")
    {
        Description = "What estimates from PPG: auto (the network that ships), classical, or a model's name or folder; the same as --set Topology:Model=….",
        HelpName = "NAME",
    };

    /// <summary><c>--influx</c>.</summary>
    public static Option<string?> Influx() => new("--influx")
    {
        Description = "InfluxDB; the same as --set Influx:Url=…. Without it points go to the embedded store.",
        HelpName = "URL",
    };
}
