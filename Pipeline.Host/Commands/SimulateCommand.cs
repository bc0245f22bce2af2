using System.CommandLine;
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
        beds.Refuse(value => value is < 1 or > MaxBeds ? $"--beds: 1 to {MaxBeds} are possible." : null);
        seconds.Refuse(value => value is < 1 ? "--seconds: 1 or more are possible." : null);
        var command = new DocumentedCommand(
            "simulate", "Publish a synthetic ward to Kafka, with known beats.",
            "./pipeline simulate --beds 100",
            "./pipeline simulate --beds 8 --seconds 600 --speed 20 --seed 7 --truth beats.csv")
        {
            beds, seconds, speed, seed, truth, faultless, kafka,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var options = PublishingArguments.Options(kafka, parsed);
            var ward = new SimulatedPublication(parsed.GetValue(beds), parsed.GetValue(seconds), parsed.GetValue(seed), parsed.GetValue(faultless) ? default : DeviceFaults.Usual);
            await using var rows = parsed.GetValue(truth) is { } path ? new StreamWriter(path) { NewLine = "\n" } : null;
            return await PublishingArguments.RunAsync(ward.Publish(Timestamp.From(TimeProvider.System.GetUtcNow()), parsed.GetValue(speed), rows), options, parsed, stop);
        });
        return command;
    }
}
