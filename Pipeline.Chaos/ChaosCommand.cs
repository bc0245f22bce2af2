using System.CommandLine;
using System.Text.Json;
using Pipeline.Chaos.Experiments;
using Pipeline.Host.Commands;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;

namespace Pipeline.Chaos;

/// <summary><c>chaos</c>: injects faults into a running ward on real servers; nothing may be lost, every promise is to be kept.</summary>
internal static class ChaosCommand
{
    public const string Name = "chaos";

    private static readonly string Names = string.Join(", ", Catalog.All.Select(experiment => experiment.Name));

    public static Command Create()
    {
        var name = new Argument<string>("NAME")
        {
            Description = string.Join("; ", Catalog.All.Select(experiment => $"{experiment.Name}: {experiment.Summary}")),
        };
        var servers = new Option<string>("--servers")
        {
            Description = "Folder with the scripts kafka and influxd2, which start real servers on this machine.",
            HelpName = "DIR",
            Required = true,
        };
        var rounds = Number<int?>("--rounds", "N", "How often the fault is injected; the experiment's own number without it.");
        var patients = Number<int?>("--patients", "N", "Beds of the ward; the experiment's own number without it.");
        var seed = Number<int>("--seed", "N", "Seed of the ward and of the random moments (1).");
        seed.DefaultValueFactory = _ => 1;
        var protocol = new Option<GroupProtocolKind>("--protocol")
        {
            Description = "Protocol of the workers' group: classic (the default), or consumer (KIP-848).",
            HelpName = "NAME",
        };
        var session = Number<double?>("--session", "SECONDS", "After how many seconds a silent worker is taken for dead; 6, and 10 with --protocol consumer.");
        var named = Flag("--named", "Each worker has a name in the group that outlasts its restart (Kafka:GroupInstanceId).");
        var standby = Flag("--standby", "Each worker keeps the state of the others' shards warm (Kafka:Standby).");
        var coordinator = Number<int>(
            "--coordinator-every", "N", "kill-worker: each Nth kill hits the process that places all patients (3); 0: by chance alone.");
        coordinator.DefaultValueFactory = _ => 3;
        var json = Flag("--json", "Figures as JSON, one object a line.");
        name.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && Catalog.Find(result.Tokens[0].Value) is null)
                result.AddError($"There is no experiment '{result.Tokens[0].Value}'; there are {Names}.");
        });
        foreach (var count in new[] { rounds, patients })
            count.Refuse(value => value is < 1 or > 100_000 ? $"{count.Name}: 1 to 100000 are possible." : null);
        coordinator.Refuse(value => value is >= 0 and <= 100_000 ? null : "--coordinator-every: 0 to 100000 are possible.");
        session.Refuse(value => value is >= 1 and <= 300 ? null : "--session: 1 to 300 s are possible.");
        var command = new DocumentedCommand(
            Name,
            "Kill, freeze and restart workers, brokers and the store under a running ward; compare all that was stored with an uninterrupted "
            + "run. Exit 1 when a point differs or a promised figure is missed.",
            "./pipeline chaos kill-worker --servers ../servers --rounds 100",
            "./pipeline chaos kill-broker --servers ../servers --patients 50")
        {
            name, servers, rounds, patients, seed, protocol, session, named, standby, coordinator, json,
        };
        command.SetAction((parsed, stop) => RunAsync(
            Catalog.Find(parsed.GetValue(name)!)!,   // the validator has looked it up
            new ChaosPlan(
                parsed.GetValue(servers)!, parsed.GetValue(patients), parsed.GetValue(rounds), parsed.GetValue(seed),
                parsed.GetValue(SettingsOptions.Set) ?? [])
            {
                Protocol = parsed.GetValue(protocol),
                Session = parsed.GetValue(session),
                Named = parsed.GetValue(named),
                Standby = parsed.GetValue(standby),
                CoordinatorEvery = parsed.GetValue(coordinator),
            },
            parsed.GetValue(json), parsed.InvocationConfiguration.Output, stop));
        return command;
    }

    private static Option<T> Number<T>(string name, string unit, string description) => new(name) { Description = description, HelpName = unit };

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    private static async Task<int> RunAsync(Experiment experiment, ChaosPlan plan, bool isJson, TextWriter output, CancellationToken stop)
    {
        await using var scene = await ChaosScene.StartAsync(plan, experiment, isJson ? TextWriter.Null : output, TimeProvider.System, stop);
        await experiment.RunAsync(scene, stop);
        await scene.FinishAsync(stop);
        var (compared, examples) = await SeriesComparison.RunAsync(scene, stop);
        ChaosFigure[] figures = [.. scene.Figures, .. compared];
        foreach (var figure in figures)
            await output.WriteLineAsync(isJson ? ToJson(experiment, figure) : figure.ToString());
        if (!isJson)
            foreach (var example in examples)
                await output.WriteLineAsync($"  {example}");
        return figures.All(figure => figure.IsKept) ? ExitCode.Ok : ExitCode.Failed;
    }

    /// <summary>A value that could not be measured is null.</summary>
    private static string ToJson(Experiment experiment, ChaosFigure figure) => JsonSerializer.Serialize(new
    {
        experiment = experiment.Name,
        metric = figure.Name,
        value = double.IsFinite(figure.Value) ? figure.Value : (double?)null,
        unit = figure.Unit,
        limit = figure.Limit,
        least = figure.Least,
        kept = figure.IsKept,
    });
}
