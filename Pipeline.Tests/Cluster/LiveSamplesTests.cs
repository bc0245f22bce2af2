using Pipeline.Actors.Cluster;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Cluster;

public sealed class LiveSamplesTests
{
    [Fact]
    public void Samples_are_physical_values_and_missing_ones_are_NaN()
    {
        var channels = new ChannelLayout(new Channel("II", SignalKind.Ecg, "mV", Gain: 200, Baseline: 10));
        var chunk = Chunks.Of([210, SampleChunk.MissingInt16, 10], 0, 3, channels: channels);

        Assert.Equal([1f, float.NaN, 0f], LiveSamples.From(chunk, 1, 0).ValuesOf(0));
        Assert.Equal([1f, float.NaN, 0f], LiveSamples.From(Chunks.AsFloat32(chunk), 1, 0).ValuesOf(0));
    }
}
