using Polly;
using Polly.Retry;

namespace Pipeline.Host.Kafka;

/// <summary>How what the brokers could not do now is repeated: without end, after 200 ms, twice as long each time, at most 10 s.</summary>
internal static class BrokerBackoff
{
    /// <summary>Delay before the second attempt.</summary>
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Repeats an attempt as long as <paramref name="failed"/> says so of its outcome. Ends otherwise only by cancellation, or by what the attempt
    /// throws.
    /// </summary>
    /// <param name="time">For the delays.</param>
    /// <param name="failed">Whether the attempt has to be repeated.</param>
    /// <param name="waits">Told of each repetition, with its delay, before that.</param>
    public static ResiliencePipeline<T> Create<T>(TimeProvider time, Func<T, bool> failed, Action<T, TimeSpan> waits) =>
        new ResiliencePipelineBuilder<T> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<T>
            {
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is null && failed(attempt.Outcome.Result!)),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                Delay = First,
                MaxDelay = Longest,
                OnRetry = attempt =>
                {
                    waits(attempt.Outcome.Result!, attempt.RetryDelay);   // handled, so it is there
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
}
