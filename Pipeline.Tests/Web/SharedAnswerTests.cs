using Pipeline.Host.Web;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Web;

/// <summary>One answer for all who ask within a moment.</summary>
public sealed class SharedAnswerTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<TaskCompletionSource<byte[]>> _made = [];
    private readonly SharedAnswer _answer;

    public SharedAnswerTests() => _answer = new SharedAnswer(TimeSpan.FromSeconds(1), _time, () =>
    {
        _made.Add(new());
        return _made[^1].Task;
    });

    [Fact]
    public async Task Who_asks_while_it_is_made_or_a_moment_later_is_given_the_same()
    {
        var (one, other) = (_answer.GetAsync(default), _answer.GetAsync(default));
        _made[0].SetResult([1]);
        _time.Advance(TimeSpan.FromSeconds(0.9));

        Assert.Same(await one, await other);
        Assert.Same(await one, await _answer.GetAsync(default));
        Assert.Single(_made);
    }

    [Fact]
    public async Task After_that_it_is_made_anew()
    {
        var first = _answer.GetAsync(default);
        _made[0].SetResult([1]);
        await first;
        _time.Advance(TimeSpan.FromSeconds(1));
        var second = _answer.GetAsync(default);
        _made[1].SetResult([2]);

        Assert.Equal([2], await second);
    }

    [Fact]
    public async Task One_that_takes_long_is_waited_for_by_all_and_one_that_failed_is_made_anew()
    {
        var first = _answer.GetAsync(default);
        _time.Advance(TimeSpan.FromSeconds(3));
        var late = _answer.GetAsync(default);
        _made[0].SetException(new IOException());

        await Assert.ThrowsAsync<IOException>(() => first);
        await Assert.ThrowsAsync<IOException>(() => late);
        _ = _answer.GetAsync(default);
        Assert.Equal(2, _made.Count);
    }

    [Fact]
    public async Task Who_leaves_does_not_end_it_for_the_others()
    {
        using var leaves = new CancellationTokenSource();
        var (gone, here) = (_answer.GetAsync(leaves.Token), _answer.GetAsync(default));
        await leaves.CancelAsync();
        _made[0].SetResult([1]);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal([1], await here);
    }
}
