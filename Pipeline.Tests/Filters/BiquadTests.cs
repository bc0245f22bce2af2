using System.Numerics;
using Pipeline.Models.Filters;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Filters;

public sealed class BiquadTests
{
    // |H|² = 1 / (1 + (tan(pi f / rate) / tan(pi edge / rate))^4) is what defines a Butterworth low-pass of order 2 after the bilinear transform.
    [Theory]
    [InlineData(7, 125)]
    [InlineData(7, 20)]
    [InlineData(0.5, 500)]
    [InlineData(150, 360)]
    public void A_low_pass_has_the_power_that_defines_a_Butterworth_filter(double edge, double rate)
    {
        var filter = Biquad.LowPass(edge, rate);

        for (var k = 0; k <= 50; k++)
        {
            var hz = k / 101.0 * rate;
            var wanted = 1 / (1 + Math.Pow(Math.Tan(Math.PI * hz / rate) / Math.Tan(Math.PI * edge / rate), 4));
            Assert.Equal(wanted, PowerAt(filter, hz, rate), 1e-9);
        }
        Assert.Equal(0.5, PowerAt(filter, edge, rate), 1e-9);
        Assert.Equal(0, PowerAt(filter, rate / 2, rate), 1e-12);
    }

    [Fact]
    public void Its_impulse_response_is_the_difference_equation_written_out()
    {
        var (b0, b1, b2, a1, a2) = Biquad.LowPass(7, 125);
        var filter = new Biquad(b0, b1, b2, a1, a2);
        double[] x = [1, 0, 0, 0.5, -2, 0, 0, 3], y = new double[x.Length];
        var delays = default(BiquadDelays);

        for (var n = 0; n < x.Length; n++)
        {
            y[n] = b0 * x[n];
            if (n > 0)
                y[n] += b1 * x[n - 1] - a1 * y[n - 1];
            if (n > 1)
                y[n] += b2 * x[n - 2] - a2 * y[n - 2];
            Assert.Equal(y[n], filter.Next(x[n], ref delays), 1e-12);
        }
    }

    [Fact]
    public void A_constant_passes_without_a_step_and_a_ramp_comes_late_by_the_delay_at_zero()
    {
        var filter = Biquad.LowPass(7, 125);
        var delays = default(BiquadDelays);
        delays.Settle(90);
        for (var n = 0; n < 100; n++)
            Assert.Equal(90, filter.Next(90, ref delays), 1e-9);

        var late = 0.0;
        for (var n = 1; n <= 1000; n++)
            late = 90 + n - filter.Next(90 + n, ref delays);
        Assert.Equal(filter.DelayAtZero, late, 1e-6);
    }

    [Fact]
    public void Nothing_is_allocated_by_a_filter()
    {
        var filter = Biquad.LowPass(7, 125);

        Assert.Equal(0, Allocation.Least(() =>
        {
            var delays = default(BiquadDelays);
            for (var n = 0; n < 1000; n++)
                filter.Next(n % 7, ref delays);
        }));
    }

    [Theory]
    [InlineData(0, 125)]
    [InlineData(62.5, 125)]
    [InlineData(1, double.NaN)]
    public void An_edge_that_cannot_be_is_refused(double edge, double rate) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Biquad.LowPass(edge, rate));

    private static double PowerAt(Biquad filter, double hz, double rate)
    {
        var back = Complex.FromPolarCoordinates(1, -2 * Math.PI * hz / rate);
        var response = (filter.B0 + back * (filter.B1 + back * filter.B2)) / (1 + back * (filter.A1 + back * filter.A2));
        return response.Magnitude * response.Magnitude;
    }
}
