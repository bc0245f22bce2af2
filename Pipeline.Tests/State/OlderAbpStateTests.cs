using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Pressure;
using Pipeline.Models.State;
using Xunit;

namespace Pipeline.Tests.State;

/// <summary>The quality of a pressure wrote where each pulse is, until version 2 of the state, beside the rate that writes the same.</summary>
public sealed class OlderAbpStateTests
{
    private const double RateHz = 125;

    [Fact]
    public void A_state_with_the_pulses_in_it_is_read_and_goes_on_as_the_state_without_them()
    {
        var (quality, older) = (new AbpQuality(RateHz, 1), new List<(double At, bool Normal)>());
        for (var i = 0; i < 70; i++)
            Add(quality, i, older);
        var state = new StateTransfer();
        state.BeginWriting(1);
        new SignalWatch(RateHz, 3).Transfer(state);
        for (var place = 0; place < 64; place++)
        {
            var (at, normal) = older.Where((_, i) => i % 64 == place).Last();
            state.Value(ref at);
            state.Value(ref normal);
        }
        long count = older.Count;
        state.Count(ref count);
        var (previous, interval) = (Pulse(69), Interval(69));
        state.Value(ref previous);
        state.Value(ref interval);
        var bytes = state.EndWriting();

        var restored = new AbpQuality(RateHz, 1);
        state.BeginReading(bytes, 1);
        restored.Transfer(state);
        Assert.Null(state.EndReading());

        for (var i = 70; i < 90; i++)
        {
            Add(quality, i, older);
            restored.Add(older[i].At, Pulse(i));
        }
        Assert.Equal(Written(quality), Written(restored));
    }

    private static byte[] Written(AbpQuality quality)
    {
        var state = new StateTransfer();
        state.BeginWriting(3);
        quality.Transfer(state);
        return state.EndWriting();
    }

    // Every seventh pulse is too small, every eleventh comes late.
    private static void Add(AbpQuality quality, int number, List<(double At, bool Normal)> taken)
    {
        quality.Add(At(number), Pulse(number));
        var jump = number > 0 && number % 7 <= 1;
        var late = number > 1 && Math.Abs(Interval(number) - Interval(number - 1)) > 2 / 3.0;
        taken.Add((At(number), number % 7 != 0 && !jump && !late));
    }

    private static double At(int number) => 100 * number + (number % 11 == 0 ? 90 : 0);

    private static double Interval(int number) => (At(number) - At(number - 1)) / RateHz;

    private static PressurePulse Pulse(int number) => number % 7 == 0 ? new(0, 80, 85) : new(0, 80, 120);
}
