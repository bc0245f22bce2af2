using System.Text.Json;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Status;

/// <summary>Asks Kafka for the group, and each of its members for its shards.</summary>
internal static class StatusQuery
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The ward at this moment.</summary>
    /// <exception cref="Confluent.Kafka.KafkaException">The brokers do not answer; says why and what to change.</exception>
    public static async Task<WardStatus> AskAsync(KafkaOptions options, TimeProvider time, CancellationToken stop)
    {
        var (group, positions) = await GroupExamination.AskAsync(options, time, stop);
        using var http = new HttpClient { Timeout = Patience };
        var answers = await Task.WhenAll(group.Members.Select(async member => (member.Id, Answer: await AskAsync(http, MemberAddress.Read(member.ClientId, member.Host), stop))));
        return WardStatus.From(options.SamplesTopic, group, positions, answers.ToDictionary(one => one.Id, one => one.Answer));
    }

    private static async Task<MemberAnswer> AskAsync(HttpClient http, Uri? address, CancellationToken stop)
    {
        if (address is null)
            return new MemberAnswer(null, "it announces no address");
        try
        {
            var status = await http.GetFromJsonAsync<MemberStatus>(new Uri(address, MemberStatus.Path), MemberStatus.Json, stop);
            return new MemberAnswer(status, status is null ? "it says nothing" : null);
        }
        catch (HttpRequestException fault)
        {
            return new MemberAnswer(null, fault.StatusCode is { } code ? FormattableString.Invariant($"it answers {(int)code}") : fault.GetBaseException().Message);
        }
        catch (JsonException)
        {
            return new MemberAnswer(null, "its answer is no status: another version?");
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return new MemberAnswer(null, FormattableString.Invariant($"no answer within {Patience.TotalSeconds:0} s"));
        }
    }
}
