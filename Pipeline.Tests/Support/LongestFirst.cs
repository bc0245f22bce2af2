using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Integration;
using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Pipeline.Tests.Support.LongestFirst", "Pipeline.Tests")]

namespace Pipeline.Tests.Support;

/// <summary>
/// The collections that wait longest begin first, beside all others: by chance they began last, alone, and a whole run took a minute more. The
/// others go by name, so that runs are alike.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest = [nameof(KafkaServer), nameof(ContinuedDemoTests), nameof(DemoTests)];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => PlaceOf(collection.DisplayName)).ThenBy(collection => collection.DisplayName, StringComparer.Ordinal);

    private static int PlaceOf(string name)
    {
        var place = Array.FindIndex(Longest, one => name.EndsWith(one, StringComparison.Ordinal));
        return place < 0 ? Longest.Length : place;
    }
}
