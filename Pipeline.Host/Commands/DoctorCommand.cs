using System.CommandLine;
using Pipeline.Host.Configuration;
using Pipeline.Host.Diagnosis;

namespace Pipeline.Host.Commands;

/// <summary><c>doctor</c>: every dependency, whether it is well, and how to mend it when it is not.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line: check, verdict, found, mend." };
        var kafka = PublishingArguments.Kafka();
        var influx = RunCommand.Influx();
        var command = new DocumentedCommand(
            "doctor", "Check every dependency and say what is wrong and how to mend it.",
            "./pipeline doctor",
            "./pipeline doctor --kafka kafka:9092 --influx http://influxdb:8086 --json")
        {
            kafka, influx, json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var report = new DoctorReport(output, parsed.GetValue(json));
            await foreach (var finding in Examination.RunAsync(
                Settings.Load(parsed, ("Kafka:BootstrapServers", parsed.GetValue(kafka)), ("Influx:Url", parsed.GetValue(influx))), TimeProvider.System, stop))
                report.Add(finding);
            return report.Close();
        });
        return command;
    }
}
