using System.Globalization;
using System.Runtime.InteropServices;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>The PPG and accelerometer channels of a recording with the rate of its reference, as it was made or as a distorted copy.</summary>
internal sealed class PpgFitRecording
{
    private const double MostGapSeconds = 5;   // between references that a rate is interpolated from

    public required string File { get; init; }

    /// <summary>0 SPC 2015, 1 BAMI-1.</summary>
    public required int Set { get; init; }

    /// <summary>Group of subjects that is left out together.</summary>
    public required int Fold { get; init; }

    /// <summary>How many times faster than it was made it is played; a heart beats as many times faster.</summary>
    public double Speed { get; init; } = 1;

    public bool IsCopy { get; init; }

    /// <summary>Rate as it was made, Hz.</summary>
    public required double RateHz { get; init; }

    /// <summary>[channels][samples], the sensor's units.</summary>
    public required float[][] Pulse { get; init; }

    /// <summary>[axes][samples], the sensor's units.</summary>
    public required float[][] Motion { get; init; }

    /// <summary>Start in seconds and rate per minute of the reference's windows, ascending.</summary>
    public required (double Start, double Rate)[] Reference { get; init; }

    /// <summary>Reads a recording and the <c>.ref.csv</c> beside it.</summary>
    public static PpgFitRecording Read(string file, int set, int fold)
    {
        using var recording = Recording.Open(file, RecordingOptions.None);
        var (device, rateHz, channels) = recording.Devices.First(d => d.Channels.IndicesOf(SignalKind.Ppg).Length > 0);
        var samples = Enumerable.Range(0, channels.Count).Select(_ => new List<float>()).ToArray();
        foreach (var chunk in recording.Chunks(new RecordedPatient(new PatientId("fit"), "", "", 0, default)).Where(c => c.Device == device))
            for (var c = 0; c < channels.Count; c++)
                foreach (var stored in chunk.Int16(c))
                    samples[c].Add(stored == SampleChunk.MissingInt16 ? float.NaN : (float)((stored - channels[c].Baseline) / channels[c].Gain));
        return new PpgFitRecording
        {
            File = file,
            Set = set,
            Fold = fold,
            RateHz = rateHz,
            Pulse = [.. channels.IndicesOf(SignalKind.Ppg).Select(c => samples[c].ToArray())],
            Motion = [.. channels.IndicesOf(SignalKind.Acc).Select(c => samples[c].ToArray())],
            Reference = [.. ReadReference(Path.ChangeExtension(file, ".ref.csv"))],
        };
    }

    /// <summary>The same reference with other samples, played <paramref name="speed"/> times faster.</summary>
    public PpgFitRecording Copy(double speed, float[][] pulse, float[][] motion) => new()
    {
        File = File,
        Set = Set,
        Fold = Fold,
        Speed = speed,
        IsCopy = true,
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
        IWindowStage[] Stages(SampleChunk first) => [new PpgStage(first.Channels, first.RateHz, PpgConstants.Default, (pulse, cleaned, channels, motion, axes) =>
            seen = new PpgFitWindow(
                pulse[..(channels * PpgSpectrumPlan.BinCount)].ToArray(), cleaned[..(channels * PpgSpectrumPlan.BinCount)].ToArray(), channels,
                motion[..(axes * PpgSpectrumPlan.BinCount)].ToArray(), axes, 0))];
        foreach (var result in StreamRun.Of(Chunks(), Stages))
        {
            if (result.Estimates.Count > 0)
                windows.Add(seen with { Reference = RateAt(result.Window.Start.UnixNanoseconds / 1e9) });
            seen = default;
        }
        return [.. windows];
    }

    /// <summary>Rate, per minute, of the window that starts at <paramref name="start"/> seconds as it is played; NaN where nothing is known.</summary>
    private double RateAt(double start)
    {
        if (Speed == 1)
            return Reference.Where(r => Math.Abs(r.Start - start) < 0.05).Select(r => r.Rate).FirstOrDefault(double.NaN);
        var made = (start + 4) * Speed - 4;   // the windows' middles are at the same sample
        for (var i = 1; i < Reference.Length; i++)
        {
            var (before, after) = (Reference[i - 1], Reference[i]);
            if (before.Start <= made && made <= after.Start && after.Start - before.Start < MostGapSeconds)
                return Speed * (before.Rate + (made - before.Start) / (after.Start - before.Start) * (after.Rate - before.Rate));
        }
        return double.NaN;
    }

    private IEnumerable<SampleChunk> Chunks()
    {
        float[][] samples = [.. Pulse, .. Motion];
        var layout = new ChannelLayout([
            .. Pulse.Select((_, c) => new Channel($"PPG{c}", SignalKind.Ppg, "1")), .. Motion.Select((_, c) => new Channel($"ACC{c}", SignalKind.Acc, "1"))]);
        var size = (int)RateHz;
        for (var first = 0; first < samples[0].Length; first += size)
        {
            var count = Math.Min(size, samples[0].Length - first);
            var values = new float[samples.Length * count];
            for (var c = 0; c < samples.Length; c++)
                samples[c].AsSpan(first, count).CopyTo(values.AsSpan(c * count));
            yield return new SampleChunk
            {
                Patient = new PatientId("fit"),
                Bed = "",
                Ward = "",
                Device = "ppg",
                Epoch = 0,
                RateHz = RateHz * Speed,
                FirstSampleIndex = first,
                FirstSampleTime = default(Timestamp).AddSeconds(first / (RateHz * Speed)),
                Channels = layout,
                SampleCount = count,
                Format = SampleFormat.Float32,
                Samples = MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
                EndOfStream = first + count >= samples[0].Length,
            };
        }
    }

    private static IEnumerable<(double Start, double Rate)> ReadReference(string file)
    {
        foreach (var line in System.IO.File.ReadLines(file).Skip(1))
            if (line.Split(',') is [var start, _, { Length: > 0 } rate, ..])
                yield return (double.Parse(start, CultureInfo.InvariantCulture), double.Parse(rate, CultureInfo.InvariantCulture));
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
