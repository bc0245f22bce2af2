namespace Pipeline.Actors;

/// <summary>
/// Waits that end on the scheduler on which they began. A source that lets its continuations run asynchronously tells <c>WaitAsync</c>,
/// <c>WhenAny</c> and <c>WhenAll</c> of its end on the thread pool; whoever awaits it is told where it waits.
/// </summary>
internal static class Awaiting
{
    /// <summary>Ends when all of <paramref name="tasks"/> have, on the caller's scheduler.</summary>
    public static async Task AllAsync(params Task[] tasks)
    {
        foreach (var task in tasks)
            await task;
    }
}
