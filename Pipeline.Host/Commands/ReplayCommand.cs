using System.CommandLine;
using System.Globalization;
using Pipeline.Host.Configuration;
using Pipeline.Host.Kafka;
using Pipeline.Host.Publishing;
using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Commands;

/// <summary><c>replay</c>: recordings to Kafka, as the devices would send them now.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var files = RecordingArguments.Files();
        var channels = RecordingArguments.Channels();
        var rate = RecordingArguments.Rate();
        var speed = PublishingArguments.Speed();
        var kafka = PublishingArguments.Kafka();
        var bed = new Option<string>("--bed") { Description = "Bed (bed-1); of several recordings the later ones get a number.", HelpName = "NAME", DefaultValueFactory = _ => "bed-1" };
        var ward = new Option<string>("--ward") { Description = "Ward (replay).", HelpName = "NAME", DefaultValueFactory = _ => "replay" };
        var loop = new Option<bool>("--loop") { Description = "Again and again, each time as restarted devices (a new epoch)." };
        var command = new DocumentedCommand(
            "replay", "Publish recordings to Kafka as the devices would, from now on.",
            "./pipeline replay bidmc_01.hea --bed icu-7",
            "./pipeline replay records/*.hea --speed 10 --loop")
        {
            files, bed, ward, speed, loop, channels, rate, kafka,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var paths = parsed.GetValue(files) ?? [];
            var options = RecordingArguments.Options(parsed, channels, rate);
            foreach (var path in paths)
                using (var recording = Recording.Open(path, options))   // one that cannot be read is told before anything is published
                    foreach (var note in recording.Notes)
                        await parsed.InvocationConfiguration.Error.WriteLineAsync($"{Path.GetFileName(path)}: {note}");
            var start = Timestamp.From(TimeProvider.System.GetUtcNow());
            var names = NamesOf(paths);
            var sequences = paths.Select((path, i) => RecordedSequence.Of(
                path, options, new(new(names[i]), i == 0 ? parsed.GetValue(bed)! : $"{parsed.GetValue(bed)}-{i + 1}", parsed.GetValue(ward)!,   // both have defaults
                    PublishingArguments.EpochAt(start), start), parsed.GetValue(loop)));
            return await PublishingArguments.RunAsync(
                new([.. sequences], start, parsed.GetValue(speed), string.Create(CultureInfo.InvariantCulture, $"{paths.Length} recordings")),
                Settings.Load(parsed, ($"{KafkaOptions.Section}:{nameof(KafkaOptions.BootstrapServers)}", parsed.GetValue(kafka))), parsed.InvocationConfiguration, stop);
        });
        return command;
    }

    /// <summary>A pseudonym for each file: its name, made fit, and a number where two are alike.</summary>
    private static List<string> NamesOf(string[] paths)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var names = new List<string>();
        foreach (var path in paths)
        {
            var stem = string.Concat(Path.GetFileNameWithoutExtension(path).Where(c => !char.IsControl(c)).Take(PatientId.MaxLength - 8));
            var name = stem.Length == 0 ? "recording" : stem;
            for (var number = 2; !taken.Add(name); number++)
                name = $"{stem}-{number}";
            names.Add(name);
        }
        return names;
    }
}
