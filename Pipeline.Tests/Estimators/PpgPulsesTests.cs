using Xunit;

namespace Pipeline.Tests.Estimators;

public class PpgPulsesTests
{
    [Theory]
    [InlineData(25, 55, 1)]
    [InlineData(50, 72, 1)]
    [InlineData(125, 95, 1)]
    [InlineData(125, 72, -1)]
    [InlineData(250, 140, 1)]
    public void Every_pulse_is_marked_once_at_the_same_place_of_its_wave(double rateHz, double heartRate, int sign)
    {
        var signal = new PpgSignal { RateHz = rateHz, HeartRate = _ => heartRate, Noise = 0.005 };

        var beats = signal.Results(scale: sign).SelectMany(r => r.Beats).Select(b => b.SampleIndex / rateHz).Where(t => t > 5).ToList();

        var delays = new List<double>();
        foreach (var onset in signal.Onsets.Where(t => t is > 5 and < 58))
        {
            var delay = beats.Select(t => t - onset).Where(d => d >= 0).Min();
            delays.Add(delay);
        }
        Assert.InRange(beats.Count, signal.Onsets.Count(t => t > 5) - 2, signal.Onsets.Count(t => t > 5) + 1);
        Assert.InRange(delays.Max() - delays.Min(), 0, 0.04);
    }

    [Fact]
    public void Pulses_come_in_order_and_none_twice()
    {
        var beats = new PpgSignal { PulseChannels = 3, Noise = 0.2 }.Results().SelectMany(r => r.Beats).Select(b => b.SampleIndex).ToList();

        for (var i = 1; i < beats.Count; i++)
            Assert.True(beats[i] - beats[i - 1] >= 0.25 * 125);
    }

    [Fact]
    public void A_pulse_depends_on_nothing_more_than_a_second_after_it()
    {
        const double Change = 31.3;
        var random = new Random(4);
        var whole = new PpgSignal { PulseChannels = 2, Noise = 0.1 };
        var changed = new PpgSignal
        {
            PulseChannels = 2,
            Noise = 0.1,
            Spoil = (_, t, value) => t < Change ? value : 40 * random.NextDouble(),
        };

        Assert.Equal(BeatsBefore(whole, Change - 1), BeatsBefore(changed, Change - 1));
    }

    [Fact]
    public void No_pulse_is_seen_where_the_sensor_is_off()
    {
        var beats = new PpgSignal { Spoil = (_, t, value) => t > 20 ? 5 : value }.Results().SelectMany(r => r.Beats).ToList();

        Assert.DoesNotContain(beats, b => b.SampleIndex > 21 * 125);
        Assert.InRange(beats.Count, 21, 25);
    }

    [Fact]
    public void The_last_pulse_comes_with_the_end_of_the_stream()
    {
        var signal = new PpgSignal { Seconds = 61.2 };

        var results = signal.Results();

        Assert.NotEmpty(results[^1].Beats);
        Assert.Empty(results[^1].Estimates);
        Assert.InRange(results[^1].Beats[^1].SampleIndex / 125, 60, 61.2);
    }

    private static List<double> BeatsBefore(PpgSignal signal, double seconds) =>
        [.. signal.Results().SelectMany(r => r.Beats).Select(b => b.SampleIndex).Where(i => i < seconds * signal.RateHz)];
}
