using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.State;

/// <summary>A stage that has got a field more since its state was written.</summary>
public sealed class OlderStateTests
{
    [Fact]
    public void A_state_of_an_older_version_is_read_and_the_new_field_begins_as_in_a_new_stage()
    {
        var older = new CountingStage(version: 1);
        var snapshot = Run(older).Capture(new StateTransfer());
        var newer = new CountingStage(version: 2);

        var restored = DeviceStream.Restore(WindowShape.Default, _ => [newer], new PatientId("P1"), snapshot, new StateTransfer(), out var told);

        Assert.NotNull(restored);
        Assert.Null(told);
        Assert.Equal((older.Windows, 100), (newer.Windows, newer.Samples));
    }

    [Fact]
    public void A_state_of_a_newer_version_is_refused()
    {
        var snapshot = Run(new CountingStage(version: 2)).Capture(new StateTransfer());

        Assert.Null(DeviceStream.Restore(WindowShape.Default, _ => [new CountingStage(version: 1)], new PatientId("P1"), snapshot, new StateTransfer(), out var told));

        Assert.Equal("state 'count' has version 2; this program reads 1 to 1", told);
    }

    private static DeviceStream Run(CountingStage stage)
    {
        var stream = new DeviceStream(WindowShape.Default, _ => [stage], Chunks.Of(0, 200));
        stream.Accept(Chunks.Of(0, 200));
        var output = new StageOutput();
        while (stream.TryNext(output, out _))
            output.Clear();
        return stream;
    }

    private sealed class CountingStage(int version) : IWindowStage
    {
        private int _windows;
        private int _samples = 100;     // since version 2

        public int Windows => _windows;

        public int Samples => _samples;

        public string StateName => "count";

        public int StateVersion => version;

        public void Accept(in Window window, StageOutput output)
        {
            _windows++;
            _samples += window.NewSampleCount;
        }

        public void Finish(in Window tail, StageOutput output)
        {
        }

        public void Reset() => (_windows, _samples) = (0, 100);

        public void Transfer(StateTransfer state)
        {
            state.Value(ref _windows);
            if (state.Version >= 2)
                state.Value(ref _samples);
        }
    }
}
