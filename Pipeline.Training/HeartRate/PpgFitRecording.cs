using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Signals;

namespace Pipeline.Training.HeartRate;

/// <summary>
/// The PPG and accelerometer channels of a recording with the rate of its reference, as it was made or augmented.
/// </summary>
internal sealed class PpgFitRecording
{
    /// <summary>Groups of people.</summary>
    public const int GroupCount = 6;

    private const double MostGapSeconds = 5;   // between references that a rate is interpolated from

    /// <summary>The recording's name.</summary>
    public required string Name { get; init; }

    /// <summary>Who it is.</summary>
    public required string Subject { get; init; }

    /// <summary>Data set.</summary>
    public required string Set { get; init; }

    /// <summary>Place among all recordings, those that a fit leaves out too: the seed of its augmentation.</summary>
    public required int Place { get; init; }

    /// <summary>Group of people that the bench leaves out together; no motion of another group is mixed in.</summary>
    public int Group => Place % GroupCount;

    /// <summary>How many times faster than it was made it is played; a heart beats as many times faster.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>Whether this is an augmented version.</summary>
    public bool IsAugmented { get; init; }

    /// <summary>Rate as it was made, Hz.</summary>
    public required double RateHz { get; init; }

    /// <summary>[channels][samples], the sensor's units.</summary>
    public required float[][] Pulse { get; init; }

    /// <summary>[axes][samples], the sensor's units.</summary>
    public required float[][] Motion { get; init; }

    /// <summary>Start in seconds and rate of the reference's windows, ascending.</summary>
    public required IReadOnlyList<(double StartSeconds, double BeatsPerMinute)> Reference { get; init; }

    /// <summary>The recordings that a fit can use: with a reference, and a rate that the stage takes.</summary>
    public static IReadOnlyList<PpgFitRecording> From(IReadOnlyList<RateRecording> recordings) =>
        [.. recordings.Index().Where(one => one.Item.Labels.Count > 0 && one.Item.RateHz >= PpgStage.MinRateHz)
            .Select(one => new PpgFitRecording
        {
            Name = one.Item.Name,
            Subject = one.Item.Subject,
            Set = one.Item.Set,
            Place = one.Index,
            RateHz = one.Item.RateHz,
            Pulse = one.Item.Ppg,
            Motion = one.Item.Acc,
            Reference = one.Item.Labels,
        })];

    /// <summary>The same reference with other samples, played <paramref name="speed"/> times faster.</summary>
    public PpgFitRecording Augmented(double speed, float[][] pulse, float[][] motion) => new()
    {
        Name = Name,
        Subject = Subject,
        Set = Set,
        Place = Place,
        Speed = speed,
        IsAugmented = true,
        RateHz = RateHz,
        Pulse = pulse,
        Motion = motion,
        Reference = Reference,
    };

    /// <summary>What the stage gives its evidence to judge, window after window.</summary>
    public PpgFitWindow[] Windows()
    {
        var windows = new List<PpgFitWindow>();
        PpgFitWindow seen = default;
        IWindowStage[] Stages(SampleChunk first) =>
            [new PpgStage(first.Channels, first.RateHz, PpgConstants.Default, (pulse, cleaned, channels, motion, axes) =>
            seen = new PpgFitWindow(
                pulse[..(channels * PpgSpectrumPlan.BinCount)].ToArray(), cleaned[..(channels * PpgSpectrumPlan.BinCount)].ToArray(),
                channels,
                motion[..(axes * PpgSpectrumPlan.BinCount)].ToArray(), axes, 0))];
        foreach (var result in StreamRun.Of(Chunks(), Stages))
        {
            if (result.Estimates.Count > 0)
                windows.Add(seen with { Reference = RateAt(result.Window.Start.UnixNanoseconds / 1e9) });
            seen = default;
        }
        return [.. windows];
    }

    /// <summary>
    /// Rate, per minute, of the window that starts at <paramref name="start"/> seconds as it is played; NaN where nothing is known.
    /// </summary>
    public double RateAt(double start)
    {
        if (Speed == 1)
            return Reference.Where(r => Math.Abs(r.StartSeconds - start) < 0.05).Select(r => r.BeatsPerMinute).FirstOrDefault(double.NaN);
        var made = (start + 4) * Speed - 4;   // the windows' middles are at the same sample
        for (var i = 1; i < Reference.Count; i++)
        {
            var (before, after) = (Reference[i - 1], Reference[i]);
            var apart = after.StartSeconds - before.StartSeconds;
            if (before.StartSeconds <= made && made <= after.StartSeconds && apart < MostGapSeconds)
                return Speed * (before.BeatsPerMinute
                    + (made - before.StartSeconds) / apart * (after.BeatsPerMinute - before.BeatsPerMinute));
        }
        return double.NaN;
    }

    /// <summary>The samples, a chunk a second.</summary>
    public IEnumerable<SampleChunk> Chunks()
    {
        var layout = new ChannelLayout([
            .. Pulse.Select((_, c) => new Channel($"PPG{c}", SignalKind.Ppg, "1")),
            .. Motion.Select((_, c) => new Channel($"ACC{c}", SignalKind.Acc, "1"))]);
        return StreamRun.Chunks([.. Pulse, .. Motion], layout, RateHz * Speed, (int)RateHz);
    }
}

/// <summary>What <see cref="PpgEvidence.Judge"/> is given of one window, and the rate that it should have led to.</summary>
/// <param name="Pulse">[channels x bins]; null when no channel could be used.</param>
/// <param name="Cleaned">[channels x bins], without what motion explains.</param>
/// <param name="Channels">PPG channels.</param>
/// <param name="Motion">[axes x bins].</param>
/// <param name="Axes">Axes of the accelerometer, 0 when nothing moves.</param>
/// <param name="Reference">Per minute, NaN where there is none.</param>
internal readonly record struct PpgFitWindow(float[]? Pulse, float[]? Cleaned, int Channels, float[]? Motion, int Axes, double Reference);
