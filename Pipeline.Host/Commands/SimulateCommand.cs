using System.CommandLine;
using Pipeline.Host.Publishing;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Host.Commands;

/// <summary><c>simulate</c>: a synthetic ward to Kafka, its beats known.</summary>
internal static class SimulateCommand
{
    private const int MaxBeds = 100_000;
    private const int UsualBeds = 16;

    public static Command Create()
    {
        var beds = new Option<int?>("--beds") { Description = "Beds of a general ward (16; none when --fetal is given).", HelpName = "N" };
        var fetal = new Option<int>("--fetal") { Description = "Beds of a labour ward: four abdominal leads and a cardiotocograph each (0).", HelpName = "N" };
        var seconds = new Option<long?>("--seconds") { Description = "Seconds of the ward's time; without it, until Ctrl-C.", HelpName = "N" };
        var seed = new Option<int>("--seed") { Description = "The same seed, the same ward (1).", DefaultValueFactory = _ => 1, HelpName = "N" };
        var truth = new Option<string?>("--truth")
        {
            Description = $"File for the true beats ({TruthRows.BeatHeader}); with --fetal for all that is known ({TruthRows.LabourHeader}).",
            HelpName = "PATH",
        };
        var faultless = new Option<bool>("--faultless") { Description = "No dropouts, lead-offs, noise, restarts or drifting clocks." };
        var speed = PublishingArguments.Speed();
        var kafka = PublishingArguments.Kafka();
        beds.Refuse(value => value is < 1 or > MaxBeds ? $"--beds: 1 to {MaxBeds} are possible." : null);
        fetal.Refuse(value => value is < 1 or > MaxBeds ? $"--fetal: 1 to {MaxBeds} are possible." : null);
        seconds.Refuse(value => value is < 1 ? "--seconds: 1 or more are possible." : null);
        var command = new DocumentedCommand(
            "simulate", "Publish a synthetic ward to Kafka, with known beats.",
            "./pipeline simulate --beds 100",
            "./pipeline simulate --beds 8 --seconds 600 --speed 20 --seed 7 --truth beats.csv",
            "./pipeline simulate --fetal 12 --truth labour.csv")
        {
            beds, fetal, seconds, speed, seed, truth, faultless, kafka,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var options = PublishingArguments.Options(kafka, parsed);
            var labour = parsed.GetValue(fetal);
            var ward = new SimulatedPublication(
                parsed.GetValue(beds) ?? (labour > 0 ? 0 : UsualBeds), labour, parsed.GetValue(seconds), parsed.GetValue(seed),
                parsed.GetValue(faultless) ? default : DeviceFaults.Usual);
            await using var rows = parsed.GetValue(truth) is { } path ? new StreamWriter(path) { NewLine = "\n" } : null;
            return await PublishingArguments.RunAsync(ward.Publish(Timestamp.From(TimeProvider.System.GetUtcNow()), parsed.GetValue(speed), rows), options, parsed, stop);
        });
        return command;
    }
}
