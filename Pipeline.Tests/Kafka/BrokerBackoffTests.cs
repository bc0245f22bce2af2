using Pipeline.Host.Kafka;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Kafka;

public sealed class BrokerBackoffTests
{
    [Fact]
    public async Task Delays_double_up_to_ten_seconds_and_attempts_do_not_end()
    {
        var time = new InstantDelays(_ => true);
        var told = new List<(int Attempt, TimeSpan Delay)>();
        var attempts = 0;

        var last = await BrokerBackoff.Create<int>(time, attempt => attempt < 100, (attempt, delay) => told.Add((attempt, delay)))
            .ExecuteAsync(_ => ValueTask.FromResult(++attempts));

        Assert.Equal(100, last);
        double[] first = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4];
        Assert.Equal([.. first, .. Enumerable.Repeat(10.0, 93)], time.Delays.Select(delay => delay.TotalSeconds));
        Assert.Equal(time.Delays.Index().Select(delay => (delay.Index + 1, delay.Item)), told);
    }

    [Fact]
    public void Cancelling_ends_the_wait_of_a_thread_that_blocks()
    {
        using var stop = new CancellationTokenSource();
        var backoff = BrokerBackoff.Create<bool>(new ManualTimeProvider(), succeeded => !succeeded, (_, _) => stop.Cancel());

        Assert.ThrowsAny<OperationCanceledException>(() => backoff.Execute(_ => false, stop.Token));
    }

    [Fact]
    public async Task What_an_attempt_throws_is_not_repeated()
    {
        var backoff = BrokerBackoff.Create<bool>(new InstantDelays(_ => true), _ => true, (_, _) => Assert.Fail("repeated"));

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => backoff.ExecuteAsync<bool>(_ => throw new InvalidOperationException()).AsTask());
    }
}
