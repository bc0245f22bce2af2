using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>A whole device of a recording in memory, in physical units; NaN where a sample is missing.</summary>
internal sealed class RecordedSamples
{
    private readonly ChannelLayout _channels;
    private readonly float[][] _samples;

    private RecordedSamples(double rateHz, ChannelLayout channels, float[][] samples) =>
        (RateHz, _channels, _samples) = (rateHz, channels, samples);

    /// <summary>Samples per second.</summary>
    public double RateHz { get; }

    /// <summary>
    /// Reads the device with the most channels of <paramref name="kind"/> (the first of equals); null when there is none.
    /// </summary>
    /// <exception cref="RecordingException">As <see cref="Recording.Open"/>.</exception>
    public static RecordedSamples? Read(string path, SignalKind kind, RecordingOptions options)
    {
        using var recording = Recording.Open(path, options);
        var (name, rateHz, channels) = recording.Devices.MaxBy(d => d.Channels.IndicesOf(kind).Length);
        if (channels.IndicesOf(kind).Length == 0)
            return null;
        var samples = Enumerable.Range(0, channels.Count).Select(_ => new List<float>()).ToArray();
        foreach (var chunk in recording.Chunks(new(new PatientId("recording"), "", "", 0, new Timestamp(0))).Where(c => c.Device == name))
            for (var c = 0; c < samples.Length; c++)
                Append(chunk, c, samples[c]);
        return new RecordedSamples(rateHz, channels, [.. samples.Select(s => s.ToArray())]);
    }

    /// <summary>The channels of a kind, each [samples].</summary>
    public float[][] Of(SignalKind kind) => [.. _channels.IndicesOf(kind).Select(c => _samples[c])];

    private static void Append(SampleChunk chunk, int channel, List<float> samples)
    {
        var (gain, baseline) = (chunk.Channels[channel].Gain, chunk.Channels[channel].Baseline);
        for (var i = 0; i < chunk.SampleCount; i++)
        {
            var stored = chunk.Format == SampleFormat.Float32 ? chunk.Float32(channel)[i]
                : chunk.Int16(channel)[i] is SampleChunk.MissingInt16 ? double.NaN : chunk.Int16(channel)[i];
            samples.Add((float)((stored - baseline) / gain));
        }
    }
}
