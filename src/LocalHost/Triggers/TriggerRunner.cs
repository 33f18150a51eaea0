using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AaClip.LocalHost.Worker;
using AaClip.LocalHost.Worker.Rpc;
using Azure.Storage.Queues.Models;
using Google.Protobuf;
using Microsoft.Azure.WebJobs;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// Runs a triggered function in the worker: 1. encodes its input for the protocol, 2. runs it, 3. sends its return value to the outputs.
/// </summary>
internal sealed class TriggerRunner(FunctionApp app, FunctionWorker worker, QueueOutputs outputs)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, FunctionDefinition> _functions = app.Functions.ToDictionary(
        function => function.Name,
        StringComparer.Ordinal
    );

    /// <summary>Runs a function for a queue message.</summary>
    public Task QueueAsync(string function, QueueMessage message, CancellationToken cancellation)
    {
        string text = Strict.GetString(message.Body.ToMemory().Span); // throws if it is not UTF-8, as in the Functions host
        Dictionary<string, string?> metadata = new()
        {
            ["QueueTrigger"] = text,
            ["Id"] = message.MessageId,
            ["PopReceipt"] = message.PopReceipt,
            ["DequeueCount"] = message.DequeueCount.ToString(CultureInfo.InvariantCulture),
            ["InsertionTime"] = message.InsertedOn?.ToString("O", CultureInfo.InvariantCulture),
            ["ExpirationTime"] = message.ExpiresOn?.ToString("O", CultureInfo.InvariantCulture),
            ["NextVisibleTime"] = message.NextVisibleOn?.ToString("O", CultureInfo.InvariantCulture),
        };
        return RunAsync(_functions[function], new TypedData { String = text }, metadata, cancellation);
    }

    /// <summary>Runs a function for a timer.</summary>
    public Task TimerAsync(string function, TimerInfo timer, CancellationToken cancellation)
    {
        string json = $$"""{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":{{(timer.IsPastDue ? "true" : "false")}}}""";
        return RunAsync(_functions[function], new TypedData { Json = json }, [], cancellation);
    }

    private async Task RunAsync(
        FunctionDefinition function,
        TypedData input,
        Dictionary<string, string?> metadata,
        CancellationToken cancellation
    )
    {
        // 1. Input
        InvocationRequest request = Request(function, Guid.NewGuid().ToString());
        request.InputData.Add(new ParameterBinding { Name = function.Trigger.Name, Data = input });
        foreach ((string name, string? value) in metadata)
            if (value is not null)
                request.TriggerMetadata[name] = new TypedData { String = value };

        // 2. Run
        InvocationResponse response = await worker.InvokeAsync(request, cancellation);
        ThrowIfFailed(function, response, cancellation);

        // 3. Outputs
        foreach (Binding output in function.Outputs)
        {
            TypedData? value =
                output.Name == "$return"
                    ? response.ReturnValue
                    : response.OutputData.FirstOrDefault(data => data.Name == output.Name)?.Data;
            if (value is null || value.DataCase == TypedData.DataOneofCase.None)
                continue;
            if (!output.Type.Equals("queue", StringComparison.OrdinalIgnoreCase))
                throw new InvalidOperationException(
                    $"Function '{function.Name}' writes to a {output.Type}, which this host does not know: it writes to queues."
                );
            foreach (byte[] message in Messages(value))
                await outputs.SendAsync(output.Text("queueName") ?? "", output.Text("connection"), message, cancellation);
        }
    }

    /// <summary>A request without input data, with the trace context of the caller.</summary>
    public static InvocationRequest Request(FunctionDefinition function, string invocation) =>
        new()
        {
            InvocationId = invocation,
            FunctionId = function.Id,
            TraceContext = new RpcTraceContext
            {
                TraceParent = Activity.Current?.Id ?? "",
                TraceState = Activity.Current?.TraceStateString ?? "",
            },
        };

    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="FunctionFailedException">The function threw.</exception>
    private static void ThrowIfFailed(FunctionDefinition function, InvocationResponse response, CancellationToken cancellation)
    {
        if (response.Result.Status == StatusResult.Types.Status.Success)
            return;
        if (response.Result.Status == StatusResult.Types.Status.Cancelled)
            cancellation.ThrowIfCancellationRequested();
        throw new FunctionFailedException(
            response.Result.Exception?.Message is { Length: > 0 } message ? message : $"Function '{function.Name}' failed without a reason."
        );
    }

    /// <summary>Each element of a JSON array becomes a message; any other value is one message.</summary>
    private static IEnumerable<byte[]> Messages(TypedData value)
    {
        if (value.DataCase == TypedData.DataOneofCase.Bytes)
            return [value.Bytes.ToByteArray()];
        if (value.DataCase == TypedData.DataOneofCase.String)
            return [Encoding.UTF8.GetBytes(value.String)];
        using JsonDocument json = JsonDocument.Parse(value.Json);
        return json.RootElement.ValueKind switch
        {
            JsonValueKind.Null => [],
            JsonValueKind.Array => [.. json.RootElement.EnumerateArray().Select(Text)],
            _ => [Text(json.RootElement)],
        };

        static byte[] Text(JsonElement element) =>
            Encoding.UTF8.GetBytes(element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText());
    }
}

/// <summary>A function threw in the worker; the message contains the worker's error text and stack trace.</summary>
internal sealed class FunctionFailedException(string message) : Exception(message);
