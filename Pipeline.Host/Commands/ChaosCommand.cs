using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Pipeline.Host.Chaos;
using Pipeline.Host.Configuration;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Commands;

/// <summary><c>chaos</c>: harms a running ward on real servers and proves that nothing is lost.</summary>
internal static class ChaosCommand
{
    private static readonly string Names = string.Join(", ", Experiment.All.Select(experiment => experiment.Name));

    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = string.Join("; ", Experiment.All.Select(experiment => $"{experiment.Name}: {experiment.Summary}")) };
        var servers = new Option<string>("--servers") { Description = "Folder with the scripts kafka and influxd2, which start real servers on this machine.", HelpName = "DIR", Required = true };
        var rounds = new Option<int?>("--rounds") { Description = "How often the harm is done; the experiment's own number without it.", HelpName = "N" };
        var patients = new Option<int?>("--patients") { Description = "Beds of the ward; the experiment's own number without it.", HelpName = "N" };
        var seed = new Option<int>("--seed") { Description = "Seed of the ward and of the random moments (1).", DefaultValueFactory = _ => 1, HelpName = "N" };
        var protocol = new Option<GroupProtocolKind>("--protocol") { Description = "Protocol of the workers' group: classic (the default), or consumer (KIP-848).", HelpName = "NAME" };
        var session = new Option<double?>("--session") { Description = "After how many seconds a silent worker is taken for dead; 6, and 10 with --protocol consumer.", HelpName = "SECONDS" };
        var named = new Option<bool>("--named") { Description = "Each worker has a name in the group that outlasts its restart (Kafka:GroupInstanceId)." };
        var standby = new Option<bool>("--standby") { Description = "Each worker keeps the state of the others' shards warm (Kafka:Standby)." };
        var json = new Option<bool>("--json") { Description = "Figures as JSON, one object a line." };
        name.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !Experiment.All.Any(experiment => experiment.Name == result.Tokens[0].Value))
                result.AddError($"There is no experiment '{result.Tokens[0].Value}'; there are {Names}.");
        });
        foreach (var count in new[] { rounds, patients })
            count.Validators.Add(result =>
            {
                if (!result.Errors.Any() && result.Tokens.Count > 0 && result.GetValueOrDefault<int?>() is < 1 or > 100_000)
                    result.AddError($"{count.Name}: 1 to 100000 are possible.");
            });
        session.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.Tokens.Count > 0 && result.GetValueOrDefault<double?>() is not (>= 1 and <= 300))
                result.AddError("--session: 1 to 300 s are possible.");
        });
        var command = new DocumentedCommand(
            "chaos", "Kill, freeze and restart workers, brokers and the store under a running ward, and compare all that was stored with an uninterrupted run.",
            "./pipeline chaos kill-worker --servers ../servers --rounds 100",
            "./pipeline chaos kill-broker --servers ../servers --patients 50")
        {
            name, servers, rounds, patients, seed, protocol, session, named, standby, json,
        };
        command.SetAction((parsed, stop) => RunAsync(
            Experiment.All.Single(experiment => experiment.Name == parsed.GetValue(name)),
            new ChaosPlan(parsed.GetValue(servers)!, parsed.GetValue(patients), parsed.GetValue(rounds), parsed.GetValue(seed), parsed.GetValue(SettingsOptions.Set) ?? [])
            {
                Protocol = parsed.GetValue(protocol),
                Session = parsed.GetValue(session),
                Named = parsed.GetValue(named),
                Standby = parsed.GetValue(standby),
            },
            parsed.GetValue(json), parsed.InvocationConfiguration.Output, stop));
        return command;
    }

    private static async Task<int> RunAsync(Experiment experiment, ChaosPlan plan, bool isJson, TextWriter output, CancellationToken stop)
    {
        await using var scene = await ChaosScene.StartAsync(plan, experiment, isJson ? TextWriter.Null : output, TimeProvider.System, stop);
        await experiment.HarmAsync(scene, stop);
        var outcome = await scene.FinishAsync(stop);
        foreach (var figure in scene.Figures.Concat(FiguresOf("stored", outcome.Stored)).Concat(FiguresOf("results topic", outcome.Published)).Append(new("dead letters", outcome.DeadLetters, "records", 0)))
            await output.WriteLineAsync(isJson
                ? JsonSerializer.Serialize(new { experiment = experiment.Name, metric = figure.Name, value = figure.Value, unit = figure.Unit, limit = figure.Limit, least = figure.Least })
                : string.Create(CultureInfo.InvariantCulture, $"{figure.Name,-42} {figure.Value,12:#,0.##} {figure.Unit}{(figure.Limit is { } limit ? $"   (at most {limit:0.##})" : figure.Least is { } least ? $"   (at least {least:0.##})" : "")}"));
        if (!isJson)
            foreach (var example in outcome.Stored.Examples.Concat(outcome.Published.Examples))
                await output.WriteLineAsync($"  {example}");
        return outcome.Stored.IsNone && outcome.Published.IsNone && outcome.DeadLetters == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    private static IEnumerable<ChaosFigure> FiguresOf(string where, SeriesDifference difference) =>
    [
        new($"{where}: expected", difference.Expected, "points"),
        new($"{where}: missing", difference.Missing, "points", 0),
        new($"{where}: different", difference.Different, "points", 0),
        new($"{where}: not expected", difference.Unexpected, "points", 0),
    ];
}
