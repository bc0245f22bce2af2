using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Commands;

/// <summary><c>topics</c>: creates the topics that are missing, and says of the others what is not as it should be.</summary>
internal static class TopicsCommand
{
    public static Command Create()
    {
        var check = new Option<bool>("--check") { Description = "Only look: create nothing." };
        var alter = new Option<bool>("--alter") { Description = "Also set retention and compaction of topics that are there." };
        var kafka = PublishingArguments.Kafka();
        var partitions = new Option<int?>("--partitions") { Description = "Partitions of the topics. Topics that are there get more, and the patients' state moves along: with publishers and processes stopped.", HelpName = "N" };
        partitions.Refuse(value => value is < 1 or > 10_000 ? "--partitions: 1 to 10000 are possible." : null);
        var json = new Option<bool>("--json") { Description = "One JSON object a line: topic, state, partitions, replicas, differences." };
        var command = new DocumentedCommand(
            "topics", "Create and check the Kafka topics: partitions, retention, compaction.",
            "./pipeline topics",
            "./pipeline topics --check --json",
            "./pipeline topics --partitions 16",
            "./pipeline topics --set Kafka:Partitions=24 --set Kafka:Replicas=3")
        {
            kafka, partitions, check, alter, json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var options = Settings.Bind<KafkaOptions>(Settings.Load(parsed, ("Kafka:BootstrapServers", parsed.GetValue(kafka))), KafkaOptions.Section);
            var request = new TopicsRequest(parsed.GetValue(partitions), parsed.GetValue(check), parsed.GetValue(alter));
            var console = parsed.InvocationConfiguration;
            var run = new TopicsRun(options, request, TimeProvider.System);
            var running = run.RunAsync(stop);
            if (request.Partitions is not null)
                await ProgressBar.ShowAsync(console.Error, running, () => run.Progress);
            var (before, after, moved) = await running;
            if (moved > 0 && !parsed.GetValue(json))
                await console.Output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"moved    the state of {moved} patients; set Kafka:Partitions to {options.Partitions}, start the publishers anew, then the processes"));
            foreach (var (was, now) in before.Zip(after))
                Write(console.Output, was, now, parsed.GetValue(json));
            return after.All(state => state.IsGood) ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }

    private static void Write(TextWriter output, TopicState was, TopicState now, bool json)
    {
        var state = now.IsMissing ? "missing" : !now.IsGood ? "differs" : was.IsMissing ? "created" : was.IsGood ? "ok" : "altered";
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(new { topic = now.Plan.Name, state, partitions = now.Partitions, replicas = now.Replicas, differences = now.Differences }));
            return;
        }
        output.WriteLine(now.IsMissing
            ? $"{state,-8} {now.Plan.Name,-24} ./pipeline topics creates it"
            : string.Create(CultureInfo.InvariantCulture, $"{state,-8} {now.Plan.Name,-24} {now.Partitions} partitions, {now.Replicas} replicas"));
        if (now.IsMissing)
            return;
        foreach (var difference in now.Differences)
            output.WriteLine($"{"",-8} {"",-24} {difference}{(difference.Contains("partitions", StringComparison.Ordinal) ? " (Kafka:Partitions; ./pipeline topics --partitions N adds some)" : " (--alter sets it)")}");
    }
}
