using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Recordings;

/// <summary>Reads whole recordings for tests.</summary>
internal static class Reading
{
    public static readonly RecordedPatient Someone = new(new("P1"), "bed-1", "ward-1", 1, new(0));

    public static Recording Open(string path, string[]? channels = null, double? rateHz = null) => Recording.Open(path, new(
        [.. (channels ?? []).Select(text => ChannelOverride.TryParse(text, out var parsed, out var fault) ? parsed! : throw new ArgumentException(fault))],
        rateHz));

    public static List<SampleChunk> Chunks(Recording recording)
    {
        var chunks = recording.Chunks(Someone).ToList();
        Assert.All(chunks, chunk => Assert.Null(chunk.FindFault()));
        foreach (var device in chunks.GroupBy(chunk => chunk.Device))
        {
            var next = 0L;
            foreach (var chunk in device)
            {
                Assert.Equal(next, chunk.FirstSampleIndex);
                next = chunk.EndSampleIndex;
            }
            Assert.Equal([device.Last()], device.Where(chunk => chunk.EndOfStream));
        }
        return chunks;
    }

    /// <summary>The physical values of every channel of every device, by label.</summary>
    public static Dictionary<string, double[]> Physical(Recording recording)
    {
        var all = new Dictionary<string, List<double>>();
        foreach (var chunk in Chunks(recording))
            for (var c = 0; c < chunk.Channels.Count; c++)
            {
                var channel = chunk.Channels[c];
                if (!all.TryGetValue(channel.Label, out var values))
                    all.Add(channel.Label, values = []);
                for (var i = 0; i < chunk.SampleCount; i++)
                {
                    var stored = chunk.Format == SampleFormat.Float32 ? chunk.Float32(c)[i]
                        : chunk.Int16(c)[i] == SampleChunk.MissingInt16 ? double.NaN : chunk.Int16(c)[i];
                    values.Add((stored - channel.Baseline) / channel.Gain);
                }
            }
        return all.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());
    }

    public static double[] OneSignal(string path, string[]? channels = null, double? rateHz = null)
    {
        using var recording = Open(path, channels, rateHz);
        return Assert.Single(Physical(recording)).Value;
    }
}
