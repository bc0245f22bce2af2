using System.CommandLine;
using Pipeline.Actors;
using Pipeline.Host.Configuration;
using Pipeline.Host.Publishing;
using Pipeline.Host.Wire;
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
            var options = PublishingArguments.Options(kafka, parsed);
            var replay = new ReplayRecordings(
                parsed.GetValue(files) ?? [], RecordingArguments.Options(parsed, channels, rate), parsed.GetValue(bed)!, parsed.GetValue(ward)!, parsed.GetValue(loop))    // both have defaults
            {
                Form = new PseudonymForm(options.PatientPattern),
            };
            var topology = Settings.Bind<TopologyOptions>(Settings.Load(parsed), PipelineSettings.TopologySection);
            foreach (var note in replay.Notes(topology))    // a recording that cannot be read is told before anything is published
                await parsed.InvocationConfiguration.Error.WriteLineAsync(note);
            return await PublishingArguments.RunAsync(replay.Publish(Timestamp.From(TimeProvider.System.GetUtcNow()), parsed.GetValue(speed)), options, parsed, stop);
        });
        return command;
    }
}
