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
        partitions.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.Tokens.Count > 0 && result.GetValueOrDefault<int?>() is < 1 or > 10_000)
                result.AddError("--partitions: 1 to 10000 are possible.");
        });
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
            options.Partitions = parsed.GetValue(partitions) ?? options.Partitions;
            var before = await Topics.ExamineAsync(options, TimeProvider.System, stop);
            var after = before;
            if (!parsed.GetValue(check) && before.Any(state => state.IsMissing || (parsed.GetValue(alter) && !state.IsGood)))
            {
                await Topics.MendAsync(options, before, parsed.GetValue(alter), TimeProvider.System);
                after = await Topics.ExamineAsync(options, TimeProvider.System, stop);
            }
            if (parsed.GetValue(partitions) is { } wanted && !parsed.GetValue(check) && after.All(state => !state.IsMissing))
            {
                await GrowAsync(options, wanted, parsed.InvocationConfiguration, parsed.GetValue(json), stop);
                after = await Topics.ExamineAsync(options, TimeProvider.System, stop);
            }
            foreach (var (was, now) in before.Zip(after))
                Write(parsed.InvocationConfiguration.Output, was, now, parsed.GetValue(json));
            return after.All(state => state.IsGood) ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }

    private static async Task GrowAsync(KafkaOptions options, int wanted, InvocationConfiguration console, bool json, CancellationToken stop)
    {
        var growth = new PartitionGrowth(options, wanted, TimeProvider.System);
        var running = growth.RunAsync(stop);
        await ProgressBar.ShowAsync(console.Error, running, () => growth.Progress);
        if (await running is > 0 and var moved && !json)
            await console.Output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"moved    the state of {moved} patients; set Kafka:Partitions to {wanted}, start the publishers anew, then the processes"));
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
