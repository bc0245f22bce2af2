using Pipeline.Models.Estimators;
using Pipeline.Models.State;
using Xunit;

namespace Pipeline.Tests.Estimators;

public sealed class SampleHistoryTests
{
    private const int Length = 7;

    [Fact]
    public void What_is_kept_is_found_by_its_index_and_what_is_not_there_is_zero()
    {
        var history = new SampleHistory(3, 1);
        for (var i = 0; i < 5; i++)
            Add(ref history, 10 + i);
        Assert.Equal(5, history.Count);
        Assert.Equal(2, history.Oldest);
        Assert.Equal([12f, 13f, 14f], [history[2], history[3], history[4]]);
        Assert.Equal([0f, 0f], [history[-1], history[5]]);
    }

    [Fact]
    public void A_copy_has_zeros_before_the_start_and_goes_on_like_the_last_value()
    {
        var history = new SampleHistory(Length, 1);
        Add(ref history, 1);
        Add(ref history, 2);
        var copy = new float[6];
        history.CopyTo(copy, -2);
        Assert.Equal([0f, 0f, 1f, 2f, 2f, 2f], copy);
    }

    [Fact]
    public void A_copy_that_begins_behind_the_end_is_the_last_value()
    {
        var history = new SampleHistory(Length, 1);
        for (var i = 0; i < 20; i++)
            Add(ref history, i);
        var copy = new float[3];
        history.CopyTo(copy, 25);
        Assert.Equal([19f, 19f, 19f], copy);
    }

    [Fact]
    public void Every_slice_and_copy_equals_that_of_a_list_of_all_values()
    {
        var history = new SampleHistory(Length, 1);
        var all = new List<float>();
        for (var i = 0; i < 40; i++)
        {
            for (var first = history.Oldest; first < history.Count; first++)
                for (var count = 0; count <= history.Count - first; count++)
                {
                    var slice = history.Slice(first, count, out var rest).ToArray().Concat(rest.ToArray());
                    Assert.Equal(all.GetRange((int)first, count), slice);
                }
            if (i > 0)
            {
                var start = history.Oldest == 0 ? -4 : history.Oldest;
                var copy = new float[Length + 3];
                history.CopyTo(copy, start);
                Assert.Equal(Enumerable.Range(0, copy.Length).Select(k => start + k).Select(k => k < 0 ? 0 : all[(int)Math.Min(k, i - 1)]), copy);
            }
            Add(ref history, i * i);
            all.Add(i * i);
        }
    }

    [Fact]
    public void What_is_written_ahead_is_there_one_by_one_and_hides_nothing_that_is_kept()
    {
        SampleHistory history = new(5, ahead: 3), plain = new(5, 1);
        for (var block = 0; block < 20; block++)
        {
            float[] values = [.. Enumerable.Range(3 * block, 1 + block % 3)];
            history.WriteAhead(values);
            foreach (var value in values)
            {
                for (var i = plain.Oldest; i <= plain.Count; i++)
                    Assert.Equal(plain[i], history[i]);
                history.Reveal(1);
                Add(ref plain, value);
            }
            Assert.Equal((plain.Count, plain.Oldest), (history.Count, history.Oldest));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(Length)]
    [InlineData(17)]
    [InlineData(21)]
    public void A_history_that_was_written_and_read_is_the_same_and_goes_on_the_same(int count)
    {
        SampleHistory history = new(Length, 1), beside = new(Length, 1), restored = new(Length, 1), restoredBeside = new(Length, 1);
        for (var i = 0; i < count; i++)
        {
            Add(ref history, i);
            Add(ref beside, -i);
        }
        var state = new StateTransfer();
        state.BeginWriting(1);
        history.Transfer(state);
        beside.TransferBeside(state, history);
        var bytes = state.EndWriting();
        Assert.Equal(8 + 2 * sizeof(float) * Math.Min(count, Length), bytes.Length);
        state.BeginReading(bytes, 1);
        restored.Transfer(state);
        restoredBeside.TransferBeside(state, restored);
        Assert.Null(state.EndReading());
        for (var more = 0; more < 3; more++)
        {
            Assert.Equal(history.Count, restored.Count);
            for (var i = history.Oldest; i <= history.Count; i++)
                Assert.Equal((history[i], beside[i]), (restored[i], restoredBeside[i]));
            Add(ref history, more);
            Add(ref restored, more);
            Add(ref beside, more);
            Add(ref restoredBeside, more);
        }
    }

    private static void Add(ref SampleHistory history, float value)
    {
        history.WriteAhead(new ReadOnlySpan<float>(in value));
        history.Reveal(1);
    }
}
