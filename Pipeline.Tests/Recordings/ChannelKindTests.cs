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
    [InlineData("FHR1", SignalKind.FetalHeartRate)]
    [InlineData("fhr2", SignalKind.SecondFetalHeartRate)]
    [InlineData("Toco", SignalKind.UterineActivity)]
    [InlineData("UC", SignalKind.UterineActivity)]
    [InlineData("G", SignalKind.Camera)]
    [InlineData("Direct_1", SignalKind.Unknown)]
    [InlineData("noise1", SignalKind.Unknown)]
    [InlineData("IV", SignalKind.Unknown)]
    [InlineData("ARTIFACT", SignalKind.Unknown)]
    [InlineData("EKG", SignalKind.Ecg)]
    [InlineData("EKG1-EKG2", SignalKind.Ecg)]
    [InlineData("EEG ECG-Ref", SignalKind.Ecg)]
    [InlineData("POL EKG1", SignalKind.Ecg)]
    [InlineData("Lead II", SignalKind.Ecg)]
    [InlineData("V1", SignalKind.Ecg)]
    [InlineData("v9", SignalKind.Ecg)]
    [InlineData("II,", SignalKind.Ecg)]
    [InlineData("raw_ecg", SignalKind.Ecg)]
    [InlineData("BVP", SignalKind.Ppg)]
    [InlineData("Pleth", SignalKind.Ppg)]
    [InlineData("left_ppg", SignalKind.Ppg)]
    [InlineData("Accelerometer X", SignalKind.Acc)]
    [InlineData("fECG", SignalKind.FetalEcg)]
    [InlineData("ABP1", SignalKind.Abp)]
    [InlineData("VT_ml", SignalKind.Unknown)]
    [InlineData("V", SignalKind.Unknown)]
    [InlineData("V10", SignalKind.Unknown)]
    [InlineData("valid", SignalKind.Unknown)]
    [InlineData("value", SignalKind.Unknown)]
    [InlineData("vbat", SignalKind.Unknown)]
    [InlineData("Ventilation", SignalKind.Unknown)]
    [InlineData("average", SignalKind.Unknown)]
    [InlineData("accuracy", SignalKind.Unknown)]
    [InlineData("response", SignalKind.Unknown)]
    [InlineData("ecg_quality", SignalKind.Unknown)]
    [InlineData("ECG HR", SignalKind.Unknown)]
    [InlineData("PlethRate", SignalKind.Unknown)]
    [InlineData("RespRate", SignalKind.Unknown)]
    [InlineData("EEG C3-A2", SignalKind.Unknown)]
    [InlineData("hr", SignalKind.Unknown)]
    [InlineData("", SignalKind.Unknown)]
    public void A_label_tells_its_kind_in_any_case_or_none(string label, SignalKind kind) => Assert.Equal(kind, ChannelLabels.KindOf(label));

    [Theory]
    [InlineData("V|mV", "", SignalKind.Ecg)]
    [InlineData("V|NU", "II|NU", SignalKind.Ecg)]
    [InlineData("V|", "ecg|mV", SignalKind.Unknown)]
    [InlineData("V|L/s", "", SignalKind.Unknown)]
    [InlineData("Z|mg", "", SignalKind.Acc)]
    [InlineData("Z|", "", SignalKind.Unknown)]
    public void One_letter_is_a_kind_only_by_its_unit_or_the_leads_beside_it(string signal, string beside, SignalKind kind)
    {
        RecordedSignal[] signals = [.. new[] { signal, beside }.Where(text => text.Length > 0).Select(text => new RecordedSignal(text.Split('|')[0], text.Split('|')[1], 1, 0, 1))];

        Assert.Equal(kind, ChannelKinds.OfAll(signals)[0]);
    }

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
