using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Estimators.HeartSound;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.HeartSounds;

/// <summary>One window of heart sounds and what is known of it.</summary>
/// <param name="Record">Name of the recording, or kind and seed.</param>
/// <param name="Reference">True rate per minute; NaN where it is not known or there is no heart.</param>
/// <param name="HasHeart">Whether there is a heart, as far as is known; null where only the record's quality flag is.</param>
/// <param name="Found">The rate that was found, whatever the quality.</param>
/// <param name="Estimate">What the stage says.</param>
/// <param name="Evidence">Of it.</param>
internal sealed record HeartSoundWindow(
    string Record, double Reference, bool? HasHeart, double Found, Estimate Estimate, HeartSoundEvidence Evidence)
{
    private const double LeastBeats = 4;

    /// <summary>Error of the rate that was found.</summary>
    public double FoundError => double.IsFinite(Found) ? Math.Abs(Found - Reference) : double.PositiveInfinity;

    /// <summary>Error of the rate that was given out; NaN where none was, or the truth is not known.</summary>
    public double Error => Math.Abs(Estimate.Value - Reference);

    /// <summary>The windows of a WFDB record with sound, and with an ECG or without: its R peaks make the reference.</summary>
    public static List<HeartSoundWindow> Read(string header, QrsDetection detection)
    {
        using var recording = Recording.Open(header, RecordingOptions.None);
        HeartSoundStage? sounds = null;
        var (found, beats) = (new List<(PassedWindow, double, Estimate, Estimate?, HeartSoundEvidence)>(), new List<double>());
        foreach (var result in StreamRun.Of(recording.Chunks(new RecordedPatient(new PatientId("r"), "", "", 1, default)), first =>
        {
            sounds = new HeartSoundStage(first.Channels, first.RateHz);
            return first.Channels.IndicesOf(SignalKind.Ecg).Length > 0
                ? [sounds, new EcgStage(first.Channels, first.RateHz, detection.Model)]
                : [sounds];
        }))
        {
            beats.AddRange(result.Beats.Where(beat => beat.Kind == BeatKind.Qrs).Select(beat => beat.SampleIndex));
            if (!result.Window.IsTail)
                found.Add((result.Window, sounds!.FoundRate, result.Estimates.Single(one => one.Signal == SignalKind.HeartSound),
                    result.Estimates.Any(one => one.Signal == SignalKind.Ecg) ? result.Estimates.Single(one => one.Signal == SignalKind.Ecg) : null, sounds.Evidence));
        }
        var rate = recording.Devices[0].RateHz;
        return
        [
            .. found.Select(one => new HeartSoundWindow(
                recording.Name, one.Item4 is { Status: EstimateStatus.Ok } ? RateOf(beats, one.Item1, rate) : double.NaN, null, one.Item2, one.Item3, one.Item5)),
        ];
    }

    /// <summary>The windows of a simulated sound.</summary>
    public static List<HeartSoundWindow> Simulate(HeartSoundKind kind, int seed, double seconds)
    {
        var sound = HeartSoundKindSimulator.Draw(kind, seed, seconds);
        var layout = new ChannelLayout(new Channel("PCG", SignalKind.HeartSound, "1"));
        HeartSoundStage? stage = null;
        var firsts = sound.FirstSounds.Select(at => at * sound.RateHz).ToList();
        return
        [
            .. StreamRun.Of(StreamRun.Chunks([sound.Samples], layout, sound.RateHz), first => [stage = new HeartSoundStage(first.Channels, first.RateHz)])
                .Where(result => !result.Window.IsTail)
                .Select(result => new HeartSoundWindow(
                    $"{kind} {seed}", RateOf(firsts, result.Window, sound.RateHz), firsts.Count > 0, stage!.FoundRate, result.Estimates[0], stage.Evidence)),
        ];
    }

    private static double RateOf(List<double> beats, in PassedWindow window, double rateHz)
    {
        var (start, end) = (window.StartIndex, window.EndIndex);
        var inside = beats.Where(beat => beat >= start && beat < end).ToList();
        return inside.Count < LeastBeats ? double.NaN : 60 * rateHz * (inside.Count - 1) / (inside[^1] - inside[0]);
    }
}

/// <summary>What finds the R peaks of the reference.</summary>
/// <param name="Model">The network that ships; null: the rule.</param>
internal readonly record struct QrsDetection(QrsModel? Model);
