/** Time of the wall and of the processor since now. */
export const startClock = () => {
  const started = performance.now()
  const cpu = process.cpuUsage()
  return () => {
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(cpu)
    return { seconds, cpuSeconds: (user + system) / 1e6 }
  }
}
