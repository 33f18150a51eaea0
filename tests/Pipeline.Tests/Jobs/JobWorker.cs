using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure.Storage.Queues.Models;

namespace AaClip.Pipeline.Tests.Jobs;

/// <summary>Stands for the host: takes the messages of jobs, as the functions would.</summary>
internal static class JobWorker
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A result by its blob name.</summary>
    public static ResultDocument Result(this TestPipeline pipeline, string name) =>
        pipeline.Results.ReadAsync(name, Cancellation).GetAwaiter().GetResult()!;

    /// <summary>Scores new images c/0.png and so on, which the live model finds normal.</summary>
    public static async Task ScoreAllAsync(this TestPipeline pipeline, int count)
    {
        for (int i = 0; i < count; i++)
            Assert.Equal(
                Verdict.Normal,
                (
                    await pipeline.ScoreAsync(
                        TestPipeline.Request($"c/{i}.png", await pipeline.UploadAsync($"c/{i}.png", TestPipeline.Picture(i)))
                    )
                )!
                    .Score
                    .Verdict
            );
    }

    /// <summary>Until nothing moves any more: takes each step's message, and each image's.</summary>
    public static async Task WorkAsync(this TestPipeline pipeline, bool score = true, bool twice = false, int patience = 3)
    {
        RunningJobs running = new(pipeline.Store, TimeProvider.System);
        BulkScoring bulk = new(
            pipeline.Scoring,
            pipeline.Audit,
            pipeline.Frames,
            running,
            pipeline.Models,
            pipeline.EventModels,
            pipeline.Jobs
        );
        int moved = 0;
        using CancellationTokenSource hang = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        hang.CancelAfter(TimeSpan.FromMinutes(5)); // it only ends a job that never does
        for (int idle = 0; idle < patience; )
        {
            QueueMessage[] steps = await pipeline
                .Storage.Queue(QueueNames.Rescore)
                .ReceiveMessagesAsync(8, TimeSpan.FromMinutes(1), Cancellation);
            foreach (QueueMessage message in steps)
            {
                RescoreStep step = JsonSerializer.Deserialize(message.Body.ToString(), MessageJson.Default.RescoreStep)!;
                await Task.WhenAll(Enumerable.Range(0, twice ? 2 : 1).Select(_ => pipeline.Runner.RunAsync(step, Cancellation)));
                if (twice && step.Step > 2)
                    await pipeline.Runner.RunAsync(step with { Step = step.Step - 3 }, Cancellation); // late
                await pipeline.Storage.Queue(QueueNames.Rescore).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
            }

            QueueMessage[] images = score
                ? await pipeline.Storage.Queue(QueueNames.ScoreBulk).ReceiveMessagesAsync(32, TimeSpan.FromMinutes(1), Cancellation)
                : [];
            foreach (QueueMessage message in images)
            {
                await bulk.ScoreAsync(
                    JsonSerializer.Deserialize(message.Body.ToString(), MessageJson.Default.ScoreRequested)!,
                    Cancellation
                );
                await pipeline.Storage.Queue(QueueNames.ScoreBulk).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
            }

            hang.Token.ThrowIfCancellationRequested();
            int now = 0;
            await foreach (Job job in pipeline.Store.ListAsync(Cancellation))
                now += job.Step;
            idle = images.Length > 0 || now != moved ? 0 : idle + 1;
            moved = now;
            if (steps.Length + images.Length == 0)
                await Task.Delay(500, Cancellation);
        }
    }
}
