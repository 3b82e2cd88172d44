package compare
import ("testing";"fmt";"runtime";"runtime/debug";"time";"slices";"syscall")
func bench(name string, n int, gc int) {
	w,_:=WorkOf("change/map"); t,err:=w.Task(name,n); if err!=nil{panic(err)}
	debug.SetGCPercent(gc)
	defer debug.SetGCPercent(100)
	runtime.GC()
	var ds []float64
	var m0,m1 runtime.MemStats; var r0,r1 syscall.Rusage
	runtime.ReadMemStats(&m0); syscall.Getrusage(0,&r0)
	var sum time.Duration
	for range 1000 { d,err:=t.run(nothing,nothing); if err!=nil {panic(err)}; ds=append(ds,float64(d.Nanoseconds())/1e3); sum+=d }
	runtime.ReadMemStats(&m1); syscall.Getrusage(0,&r1)
	slices.Sort(ds)
	fmt.Printf("%-9s n=%d gc=%d mean %.0f p10 %.0f p50 %.0f p90 %.0f us  GCs %d pause %.0fus  cpu/op %.0f us minflt/op %.1f heap %.1fMB\n",name,n,gc,float64(sum.Microseconds())/1000,ds[100],ds[500],ds[900],m1.NumGC-m0.NumGC,float64(m1.PauseTotalNs-m0.PauseTotalNs)/1e3,float64(r1.Utime.Nano()+r1.Stime.Nano()-r0.Utime.Nano()-r0.Stime.Nano())/1e6,float64(r1.Minflt-r0.Minflt)/1000,float64(m1.HeapAlloc)/1e6)
	if t.Close!=nil {t.Close()}
}
func TestZ(t *testing.T){
 for range 2 { for _,gc:=range []int{100,400} { for _,nm:=range []string{"floor","confsync"} { bench(nm,10000,gc) } } }
 for _,nm:=range []string{"floor","confsync"} { bench(nm,100000,100) }
}
