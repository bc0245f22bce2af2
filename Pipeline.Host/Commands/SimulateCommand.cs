using System.CommandLine;
using System.Globalization;
using Pipeline.Host.Configuration;
using Pipeline.Host.Kafka;
using Pipeline.Host.Publishing;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Host.Commands;

/// <summary><c>simulate</c>: a synthetic ward to Kafka, its beats known.</summary>
internal static class SimulateCommand
{
    private const int MaxBeds = 100_000;

    public static Command Create()
    {
        var beds = new Option<int>("--beds") { Description = "Beds of the ward (16).", DefaultValueFactory = _ => 16, HelpName = "N" };
        var seconds = new Option<long?>("--seconds") { Description = "Seconds of the ward's time; without it, until Ctrl-C.", HelpName = "N" };
        var seed = new Option<int>("--seed") { Description = "The same seed, the same ward (1).", DefaultValueFactory = _ => 1, HelpName = "N" };
        var truth = new Option<string?>("--truth") { Description = $"File for the true beats ({SimulatedSequence.TruthHeader}).", HelpName = "PATH" };
        var faultless = new Option<bool>("--faultless") { Description = "No dropouts, lead-offs, noise, restarts or drifting clocks." };
        var speed = PublishingArguments.Speed();
        var kafka = PublishingArguments.Kafka();
        beds.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > MaxBeds)
                result.AddError($"--beds: 1 to {MaxBeds} are possible.");
        });
        seconds.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.Tokens.Count > 0 && result.GetValueOrDefault<long?>() is < 1)
                result.AddError("--seconds: 1 or more are possible.");
        });
        var command = new DocumentedCommand(
            "simulate", "Publish a synthetic ward to Kafka, with known beats.",
            "./pipeline simulate --beds 100",
            "./pipeline simulate --beds 8 --seconds 600 --speed 20 --seed 7 --truth beats.csv")
        {
            beds, seconds, speed, seed, truth, faultless, kafka,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var start = Timestamp.From(TimeProvider.System.GetUtcNow());
            var faults = parsed.GetValue(faultless) ? default : DeviceFaults.Usual;
            await using var rows = parsed.GetValue(truth) is { } path ? new StreamWriter(path) { NewLine = "\n" } : null;
            rows?.WriteLine(SimulatedSequence.TruthHeader);
            var sequences = Enumerable.Range(0, parsed.GetValue(beds)).Select(index => SimulatedSequence.Of(
                SimulatedWard.Bed(index, parsed.GetValue(seed), SimulatedWard.StartOf(index, start), PublishingArguments.EpochAt(start), faults),
                parsed.GetValue(seconds),
                rows is null ? null : (scenario, beat) => rows.WriteLine(SimulatedSequence.RowOf(scenario, beat))));
            return await PublishingArguments.RunAsync(
                new([.. sequences], start, parsed.GetValue(speed), string.Create(CultureInfo.InvariantCulture, $"{parsed.GetValue(beds)} simulated beds")),
                Settings.Load(parsed, ($"{KafkaOptions.Section}:{nameof(KafkaOptions.BootstrapServers)}", parsed.GetValue(kafka))), parsed.InvocationConfiguration, stop);
        });
        return command;
    }
}
