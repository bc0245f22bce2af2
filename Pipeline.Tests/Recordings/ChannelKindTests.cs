using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Recordings;

public class ChannelKindTests
{
    [Theory]
    [InlineData("PPG", SignalKind.Ppg)]
    [InlineData("ppg_green", SignalKind.Ppg)]
    [InlineData("PLETH", SignalKind.Ppg)]
    [InlineData("ACC_X", SignalKind.Acc)]
    [InlineData("gyr_z", SignalKind.Gyr)]
    [InlineData("ECG", SignalKind.Ecg)]
    [InlineData("ECG_2", SignalKind.Ecg)]
    [InlineData("MLII", SignalKind.Ecg)]
    [InlineData("I", SignalKind.Ecg)]
    [InlineData("iii", SignalKind.Ecg)]
    [InlineData("V5", SignalKind.Ecg)]
    [InlineData("aVR", SignalKind.Ecg)]
    [InlineData("MCL1", SignalKind.Ecg)]
    [InlineData("ABP", SignalKind.Abp)]
    [InlineData("ART", SignalKind.Abp)]
    [InlineData("Resp", SignalKind.Resp)]
    [InlineData("AECG4", SignalKind.FetalEcg)]
    [InlineData("Abdomen_1", SignalKind.FetalEcg)]
    [InlineData("PCG", SignalKind.HeartSound)]
    [InlineData("CVP", SignalKind.Cvp)]
    [InlineData("FHR", SignalKind.FetalHeartRate)]
    [InlineData("UC", SignalKind.UterineActivity)]
    [InlineData("G", SignalKind.Camera)]
    [InlineData("Direct_1", SignalKind.Unknown)]
    [InlineData("noise1", SignalKind.Unknown)]
    [InlineData("IV", SignalKind.Unknown)]
    [InlineData("ARTIFACT", SignalKind.Unknown)]
    [InlineData("hr", SignalKind.Unknown)]
    [InlineData("", SignalKind.Unknown)]
    public void A_label_tells_its_kind_in_any_case_or_none(string label, SignalKind kind) => Assert.Equal(kind, ChannelKinds.Of(label));

    [Fact]
    public void An_override_names_a_label_and_a_kind_or_ignore()
    {
        Assert.True(ChannelOverride.TryParse("Direct_1=ecg", out var scalp, out _));
        Assert.Equal(new("Direct_1", SignalKind.Ecg), scalp);
        Assert.True(ChannelOverride.TryParse("a=b=IGNORE", out var left, out _));
        Assert.Equal(new("a=b", null), left);
        Assert.False(ChannelOverride.TryParse("x=heart", out _, out var fault));
        Assert.Contains("'heart' is no kind; there are ppg acc gyr ecg", fault, StringComparison.Ordinal);
        Assert.False(ChannelOverride.TryParse("=ecg", out _, out _));
        Assert.False(ChannelOverride.TryParse("ecg", out _, out _));
    }
}
