using System.Globalization;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.Spectra;

namespace Pipeline.Host.Web;

/// <summary>One channel of a stretch, on an even grid from the stretch's begin.</summary>
/// <param name="Device">Device.</param>
/// <param name="Label">The device's own name of it.</param>
/// <param name="Kind">What it measures, as in the store's tags.</param>
/// <param name="Unit">Unit of the values.</param>
/// <param name="RateHz">Values a second.</param>
/// <param name="Values">The values; NaN: missing.</param>
internal sealed record StretchChannel(string Device, string Label, string Kind, string Unit, double RateHz, float[] Values);

/// <summary>What a patient's devices sent in a stretch of time.</summary>
/// <param name="From">Event time of the first values.</param>
/// <param name="Channels">By device and label.</param>
internal sealed record SignalStretch(DateTimeOffset From, IReadOnlyList<StretchChannel> Channels)
{
    /// <summary>Puts it together from the chunks that touch it.</summary>
    public static SignalStretch Of(IEnumerable<SampleChunk> chunks, DateTimeOffset from, DateTimeOffset to)
    {
        var length = (to - from).TotalSeconds;
        var channels = new SortedDictionary<(string Device, string Label, double RateHz), StretchChannel>();
        foreach (var chunk in chunks)
        {
            var offset = (long)Math.Round((chunk.FirstSampleTime.ToDateTimeOffset() - from).TotalSeconds * chunk.RateHz);
            for (var c = 0; c < chunk.Channels.Count; c++)
            {
                var channel = chunk.Channels.Span[c];
                var key = (chunk.Device, channel.Label, chunk.RateHz);
                if (!channels.TryGetValue(key, out var grid))
                {
                    var values = new float[(int)Math.Round(length * chunk.RateHz)];
                    Array.Fill(values, float.NaN);
                    channels.Add(key, grid = new StretchChannel(chunk.Device, channel.Label, Names.Of(channel.Kind), channel.Unit, chunk.RateHz, values));
                }
                for (var i = 0; i < chunk.SampleCount; i++)
                    if (offset + i >= 0 && offset + i < grid.Values.Length)
                        grid.Values[offset + i] = ValueOf(chunk, c, i, channel);
            }
        }
        return new SignalStretch(from, [.. channels.Values]);
    }

    /// <summary>Writes a line a sample that is there: <c>time,device,channel,unit,value</c>.</summary>
    public async Task WriteCsvAsync(TextWriter target)
    {
        await target.WriteLineAsync("time,device,channel,unit,value");
        foreach (var channel in Channels)
            for (var i = 0; i < channel.Values.Length; i++)
                if (float.IsFinite(channel.Values[i]))
                    await target.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                        $"{From.AddSeconds(i / channel.RateHz).UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffffZ},{Quoted(channel.Device)},{Quoted(channel.Label)},{Quoted(channel.Unit)},{channel.Values[i]}"));
    }

    /// <summary>The signals of an EDF file.</summary>
    public IReadOnlyList<WrittenSignal> ForEdf() => [.. Channels.Select(channel => new WrittenSignal(
        Channels.Count(one => one.Label == channel.Label) > 1 ? $"{channel.Device} {channel.Label}" : channel.Label, channel.Unit, channel.RateHz, channel.Values))];

    // A spreadsheet would take a name that begins so for a formula.
    private static string Quoted(string text)
    {
        var safe = text.Length > 0 && "=+-@\t\r".Contains(text[0], StringComparison.Ordinal) ? $"'{text}" : text;
        return safe.AsSpan().ContainsAny(",\"\n\r") ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    private static float ValueOf(SampleChunk chunk, int channel, int sample, Channel of)
    {
        var stored = chunk.Format == SampleFormat.Int16
            ? chunk.Int16(channel)[sample] is var whole && whole != SampleChunk.MissingInt16 ? whole : float.NaN
            : chunk.Float32(channel)[sample];
        return (float)((stored - of.Baseline) / of.Gain);
    }
}

/// <summary>Short-time power spectra of a channel, for a picture.</summary>
/// <param name="FirstSeconds">Middle of the first frame, seconds after the stretch's begin.</param>
/// <param name="HopSeconds">From frame to frame.</param>
/// <param name="LowHz">Frequency of the lowest bin.</param>
/// <param name="StepHz">From bin to bin.</param>
/// <param name="BinCount">Bins of a frame.</param>
/// <param name="Levels">[frames x bins] as bytes, base 64: 255 the frame's greatest power, 0 a ten-thousandth of it or less, or a frame with missing samples.</param>
internal sealed record Spectrogram(double FirstSeconds, double HopSeconds, double LowHz, double StepHz, int BinCount, string Levels)
{
    private const double WindowSeconds = 8, Hop = 1, Low = 0.4, High = 4;     // Hz: 24 to 240 a minute
    private const int Padding = 4;
    private const double Decades = 4;

    /// <summary>Computes it.</summary>
    public static Spectrogram Of(StretchChannel channel)
    {
        var (window, hop) = ((int)Math.Round(WindowSeconds * channel.RateHz), (int)Math.Round(Hop * channel.RateHz));
        var stft = new Stft(window, Math.Max(1, Math.Min(Padding, 16_384 / window)));
        var step = channel.RateHz / stft.TransformLength;
        var (first, count) = ((int)Math.Ceiling(Low / step), (int)((High - Low) / step));
        var frames = Math.Max(0, (channel.Values.Length - window) / hop + 1);
        var levels = new byte[frames * count];
        var power = new float[stft.BinCount];
        for (var frame = 0; frame < frames; frame++)
        {
            var samples = channel.Values.AsSpan(frame * hop, window);
            if (samples.Contains(float.NaN))
                continue;
            var mean = 0.0;
            foreach (var sample in samples)
                mean += sample;
            stft.Power(samples, power, (float)(mean / window));
            var most = 0f;
            foreach (var bin in power.AsSpan(first, count))
                most = Math.Max(most, bin);
            for (var bin = 0; bin < count && most > 0; bin++)
                levels[frame * count + bin] = (byte)(255 * Math.Clamp(1 + Math.Log10(Math.Max(power[first + bin] / most, 1e-9)) / Decades, 0, 1));
        }
        return new Spectrogram(WindowSeconds / 2, Hop, first * step, step, count, Convert.ToBase64String(levels));
    }

    /// <summary>The channel of a stretch whose spectra say most of the heart rate: a pulse before an ECG; null where there is none.</summary>
    public static StretchChannel? ChannelOf(SignalStretch stretch)
    {
        string[] kinds = ["ppg", "abp", "ecg", "fecg", "pcg", "camera"];
        return stretch.Channels.Where(channel => kinds.Contains(channel.Kind) && channel.RateHz * WindowSeconds <= 16_384 && channel.RateHz > 2 * High)
            .OrderBy(channel => Array.IndexOf(kinds, channel.Kind)).FirstOrDefault();
    }
}
