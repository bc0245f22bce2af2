using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Status;

/// <summary>The ward's status: a process puts it together from Kafka and the cluster's members; a command fetches it from one process.</summary>
internal static class StatusQuery
{
    /// <summary>Where a process serves it.</summary>
    public const string Path = "/status";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>How it is written.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Asks Kafka for the group, and each of its members through the cluster for its shards.</summary>
    /// <exception cref="Confluent.Kafka.KafkaException">The brokers do not answer; says why and what to change.</exception>
    public static async Task<WardStatus> AskAsync(KafkaOptions options, WardReader reader, TimeProvider time, CancellationToken stop)
    {
        var (group, positions) = await GroupExamination.AskAsync(options, time, stop);
        var processes = (await reader.StatusAsync(stop)).ToDictionary(one => one.Process);
        return WardStatus.From(options.SamplesTopic, group, positions, group.Members.ToDictionary(member => member.Id, member => ClusterAddress.Read(member.ClientId) switch
        {
            null => new MemberAnswer(null, "it announces no address"),
            { Address: var address } when processes.TryGetValue(address, out var said) => new MemberAnswer(said.Answer, said.Fault),
            _ => new MemberAnswer(null, "it is in no cluster with the process that was asked"),
        })) with
        {
            Process = WardStatus.NameOf(reader.Process),
            Coordinator = reader.Coordinator is { } coordinator ? WardStatus.NameOf(coordinator) : null,
        };
    }

    /// <summary>Fetches it from a process.</summary>
    /// <exception cref="CommandException">The process does not answer, or cannot say.</exception>
    public static Task<WardStatus> FetchAsync(Uri process, string? token, CancellationToken stop) => FetchAsync<WardStatus>(process, token, Path, "status", stop);

    /// <summary>Fetches what a process serves at <paramref name="path"/>; <paramref name="what"/>: what it is, for a fault.</summary>
    /// <param name="process">The process.</param>
    /// <param name="token">The machine's token; null: the process asks for none.</param>
    /// <param name="path">Where it serves it.</param>
    /// <param name="what">What it is.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="CommandException">As above.</exception>
    public static async Task<T> FetchAsync<T>(Uri process, string? token, string path, string what, CancellationToken stop) where T : class
    {
        using var http = new HttpClient { Timeout = Patience };
        if (token is not null)
            http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        try
        {
            using var answer = await http.GetAsync(new Uri(process, path), stop);
            if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                throw new CommandException(token is null
                    ? $"{process} wants a token: ./pipeline users token NAME --role engineer makes one; Access:TokenFile names the file that holds it."
                    : $"{process} refuses the token of Access:TokenFile: it is none of the process's users file, or its role may not see this.");
            if (!answer.IsSuccessStatusCode)
                throw new CommandException(await answer.Content.ReadAsStringAsync(stop) is { Length: > 0 } text ? text : FormattableString.Invariant($"{process} answers {(int)answer.StatusCode}."));
            return await answer.Content.ReadFromJsonAsync<T>(Json, stop) ?? throw new CommandException($"{process} says nothing.");
        }
        catch (HttpRequestException fault)
        {
            throw new CommandException($"No process answers at {process} ({fault.GetBaseException().Message}): start one with ./pipeline run, or name one with --url.");
        }
        catch (JsonException)
        {
            throw new CommandException($"The answer of {process} is no {what}: another version, or another program.");
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new CommandException(FormattableString.Invariant($"{process} gave no answer within {Patience.TotalSeconds:0} s."));
        }
    }
}
