using Pipeline.Benchmarks.Faults;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Xunit;

namespace Pipeline.Tests.State;

/// <summary>A state of the PPG's stage of version 1 does not say whether there is a pulse, one of version 2 not what is known of jumps, 3 not for
/// how long the tracker has been sure, 4 and 5 not all that the windows before were like.</summary>
public sealed class OlderPpgStateTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_state_of_an_older_version_is_read_and_the_next_windows_decide_whether_there_is_a_pulse(int version)
    {
        var (stage, state) = (Stage(), new StateTransfer());
        Run(stage, 1);
        state.BeginWriting(version);
        stage.Transfer(state);
        var bytes = state.EndWriting();

        var (restored, noise) = (Stage(), Stage());
        foreach (var read in new[] { restored, noise })
        {
            state.BeginReading(bytes, version);
            read.Transfer(state);
            Assert.Null(state.EndReading());
        }

        Assert.Equal(EstimateStatus.Ok, Run(restored, 2)[1].Status);
        Assert.Equal(EstimateStatus.LowQuality, Run(noise, 3)[1].Status);
    }

    private static PpgStage Stage() => new(new ChannelLayout([new Channel("PPG", SignalKind.Ppg, "1")]), 100);

    private static List<Estimate> Run(PpgStage stage, int seed)
    {
        var signal = new PpgCaseSignal(100, 30, seed);
        signal = seed == 3 ? signal.White(20) : signal.Steady(70).White(2);
        return [.. StreamRun.Of(signal.Chunks(), _ => [stage]).SelectMany(r => r.Estimates)];
    }
}
