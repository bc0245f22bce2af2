using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Signals;

public class SignalSpecTests
{
    [Fact]
    public void Every_kind_has_a_specification_that_makes_sense()
    {
        foreach (var kind in Enum.GetValues<SignalKind>())
        {
            var spec = SignalSpec.Of(kind);
            Assert.Equal(kind, spec.Kind);
            Assert.True(spec.Low < spec.High && spec.BandLowHz < spec.BandHighHz && spec.Unit.Length > 0, kind.ToString());
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => SignalSpec.Of((SignalKind)99));
    }

    [Theory]
    [InlineData(SignalKind.Abp, 120, true)]
    [InlineData(SignalKind.Abp, 301, false)]
    [InlineData(SignalKind.Abp, double.NaN, false)]
    [InlineData(SignalKind.Ppg, 1e9, true)]
    [InlineData(SignalKind.FetalHeartRate, 0, false)]
    public void What_cannot_be_is_told_from_what_can(SignalKind kind, double value, bool allowed) =>
        Assert.Equal(allowed, SignalSpec.Of(kind).Allows(value));
}
